"""What does not work yet, and what happens instead. docs/limits.md is this table; `chainrule limits` prints it."""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    what: str
    instead: str


LIMITS = (
    Limit("functions without a rule", "opaque: exact through autograd for that call, marked, its inside not shown"),
    Limit("compiled (torch.compile) and scripted code", "opaque; it runs as it would unwatched"),
    Limit("code compiled before chainrule.watch begins", "it may be compiled once more in a recorded step"),
    Limit("custom autograd.Function", "opaque, under the name of its backward"),
    Limit("writes through a view of another dtype, of a tensor not in order, or that overlaps itself", "opaque"),
    Limit("a Tensor.register_hook on a result", "the call that made it is opaque; what the hook sends on is shown"),
    Limit("a second derivative (create_graph=True)", "its own calls are opaque, and a call that it runs through"),
    Limit("dropout, also inside attention, under saved-tensor hooks (checkpointing)", "opaque"),
    Limit("sparse gradients, complex numbers", "opaque where a rule does not cover them"),
    Limit("calls in other threads", "opaque; only the thread that starts the watch is recorded"),
    Limit("training in other threads", "not recorded, and its losses are not logged"),
    Limit(
        "inside torch.func (grad, vmap, …)",
        "not recorded: a gradient through vmap is opaque, training without backward() unseen",
    ),
    Limit(".data written between forward and backward", "autograd uses what was written, we what was: a disagreement"),
    Limit(
        "NumPy views written between forward and backward", "unseen: the gradient of what was written, as autograd's"
    ),
    Limit("optimizers other than SGD, Adam, AdamW, RMSprop, Adagrad", "the true change is shown, without a formula"),
    Limit("GradScaler with a fused optimizer", "the kernel unscales the gradient itself: a disagreement at the update"),
    Limit("GPUs", "reading the loss waits for the device at every step; not measured"),
    Limit("FSDP, and other parameters sharded over processes", "the loss is logged, and the step says why no more is"),
    Limit(
        "processes that Lightning's ddp or torchrun starts", "not watched: start them with torchrun … -m chainrule run"
    ),
    Limit("a script that starts ranks more than once", "the first ones are recorded"),
    Limit(
        "a gradient that a DDP communication hook changes", "said to be shared in a way of the script's, not compared"
    ),
    Limit("IPython magics in notebooks (%, !, %%)", "skipped by chainrule run, but for %%time, %%capture and the like"),
    Limit("warnings raised by torch in a recorded step", "they may name a file of ours as their place"),
    Limit("warnings.warn(stacklevel=2) at a script's top level, recursion depth", "a few frames of ours are below"),
    Limit(
        "locals() kept by a function, before Python 3.13", "a recorded step brings that dict up to date, as a debugger"
    ),
    Limit("a watch within a watch", "the outer one rests until the inner one ends, and says so"),
    Limit("a hook on a parameter's gradient", "that parameter is left out of the comparison with autograd"),
    Limit(
        "more than 256 backward passes in one recorded step, or 8 and 12,000 calls",
        "the first of them are kept, and the step says so",
    ),
    Limit("tensors too large for the run's size", "their statistics are kept; explain says what is missing"),
)


def as_markdown() -> str:
    """docs/limits.md."""
    rows = "".join(f"| {limit.what} | {limit.instead} |\n" for limit in LIMITS)
    return f"# What does not work yet\n\n| what | what happens instead |\n| --- | --- |\n{rows}"


def as_text() -> str:
    """The same for the terminal, in 88 columns."""
    return "".join(f"{limit.what}\n    {limit.instead}\n" for limit in LIMITS)
