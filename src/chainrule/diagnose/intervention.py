"""What may be changed in a training, from outside, to try a fix: plain data; watching/interventions.py acts on it.

A kind says what is done, its settings where and how much. `call`, `module`, `file` and `line` together name a torch
call as Finding.where does. Nothing of the script's text is changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chainrule.step import Call, Line, Value

KINDS = {
    "rate": "every learning rate times `factor`",
    "set": "the optimizer's `settings` ({'eps': 1e-8}; {'lr': …} also where a scheduler changes it) at every step",
    "clear": "gradients are cleared before the first backward() after a step()",
    "keep": "zero_grad() does nothing between backward() and step()",
    "step": "the optimizer steps after each backward(), and the script's own step() does nothing",
    "train": "parameters that have a gradient and no optimizer are given to the first one; frozen ones are thawed",
    "unclipped": "clip_grad_norm_ and clip_grad_value_ do nothing",
    "negate": "backward() starts from the negative loss",
    "skip": "the call gives back its first tensor as it is; of a list of tensors, all in one",
    "graph": "what is called at `lines`, a list of file and line, has gradients, also under no_grad",
    "arguments": "the call is made with other `arguments`, by name ({'dim': 1, 'training': True}); lists are tensors",
    "view": "the loss's target is given the shape of its prediction",
    "standardise": "the tensor `argument` of the call: minus its mean over the samples, divided by its spread, as in "
    "the first batch; of a `whole` one mean and one spread",
    "detached": "the call's tensors are detached from the graph",
    "before": "`function` (torch.nn.functional's name, with `options`) is applied to the call's first tensor, or to "
    "its `argument`",
    "after": "`function` (with `options`) is applied to the call's result",
    "instead": "`function` (with `options`) is called with the call's first tensor",
    "hidden": "a new layer of `width` units with tanh before the linear call, trained by the same optimizer",
    "wider": "the linear call has `width` outputs, and the one at `next` as many inputs: new weights for both, trained "
    "by the same optimizer",
    "take": "the call's `argument` is what the call at `source` gave last",
    "root": "backward() starts from what the call at `source` gave last, a loss that `was` at first and at last",
    "draw": "`parameters` are drawn anew before the first step, as their modules do when they are made",
    "shuffle": "every DataLoader shuffles",
    "keep weights": "load_state_dict() at `file` and `line` does nothing from the second time on",
}
NORM = {"running_mean": None, "running_var": None, "training": True}  # options of batch_norm: by the batch alone
MOVES_ONLY = ("Tensor.detach", "Tensor.data", "torch.detach")  # without it the same numbers arrive
COPIES = ("Tensor.item", "torch.tensor")  # without it a tensor stands where a number did: as good in most sums
TEXTS = {
    "clear": "zero_grad() before backward()",
    "keep": "no zero_grad() between backward() and step()",
    "step": "a step of the optimizer after each backward()",
    "train": "all parameters in the optimizer",
    "unclipped": "without clipping",
    "negate": "the negative loss",
    "view": "the target in the shape of the prediction",
    "detached": "without the graph of earlier steps",
    "graph": "gradients at those calls",
    "shuffle": "shuffled batches",
    "keep weights": "weights that are loaded once",
}


@dataclass(frozen=True, slots=True)
class Intervention:
    """One thing that is done differently. Raises ValueError for a kind that does not exist.

    kind      of KINDS
    settings  what KINDS says of it; JSON
    """

    kind: str
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no intervention is called {self.kind!r}; there are {', '.join(KINDS)}")

    @property
    def text(self) -> str:
        """What is done, in a few words."""
        s = self.settings
        place = f"{s.get('call', '')} in line {s['line']}" if "line" in s else ""
        match self.kind:
            case "rate":
                return f"learning rate × {s['factor']:g}"
            case "set":
                return ", ".join(f"{name} = {value:g}" for name, value in s["settings"].items())
            case "skip":
                return f"without {place}"
            case "arguments":
                return f"{place} with " + ", ".join(f"{name} = {value}" for name, value in s["arguments"].items())
            case "before" | "after" | "instead":
                of = f" of {s['argument']}" if "argument" in s else ""
                return f"{s['function']}{of} {self.kind.replace('instead', 'instead of')} {place}"
            case "wider":
                return f"{s['width']} units at {place}"
            case "take":
                return f"{s['source']['call']} of line {s['source']['line']} as {s['argument']} of {place}"
            case "root":
                return f"backward() on {s['source']['call']} of line {s['source']['line']}"
            case "hidden":
                return f"a layer of {s['width']} tanh units at {place}"
            case "standardise":
                return f"standardised numbers for {place}"
            case "draw":
                return f"other first weights for {', '.join(s['parameters'][:4])}"
        return TEXTS.get(self.kind, KINDS[self.kind]) + (f" at {place}" if place else "")

    @staticmethod
    def at(call: Call, kind: str, **settings: Any) -> Intervention:
        """At one call of the script."""
        return Intervention(kind, place_of(call) | settings)

    @staticmethod
    def of(taken: Value, calls: list[Call], function: str, /, **options: Any) -> tuple[Intervention, ...]:
        """The function applied to this tensor where it enters the first of the calls that takes it as an argument."""
        for call in calls:
            for name, part in call.arguments.items():
                if part is taken:
                    return (Intervention.at(call, "before", function=function, argument=name, options=options),)
        return ()


def place_of(call: Call) -> dict[str, Any]:
    """Settings that name a call."""
    return {"call": call.name, "module": call.module, "file": call.file, "line": call.line}


def uncut(name: str, at: Line) -> tuple[Intervention, ...]:
    """Without the call that cuts the graph; none where its result is not what it took."""
    place = {"call": name, "file": at.file, "line": at.line}
    return (Intervention("skip", place),) if name in (*MOVES_ONLY, *COPIES) else ()
