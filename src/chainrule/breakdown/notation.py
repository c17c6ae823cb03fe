"""What every value of a step is called in formulas: X, W₁, z₁, a₁, ŷ, L."""

from __future__ import annotations

from collections import Counter

from chainrule.formula import ABSENT, Apply, Formula, Number, Sum, Symbol, Words, replace, tidy
from chainrule.rules import Contraction, Elementwise, Rule, rule_of
from chainrule.rules.losses import PointwiseLoss
from chainrule.step import Call, Step, Value

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
ROLES = {"weight": "W", "bias": "b"}
NORMS = {"layer_norm", "batch_norm", "group_norm", "rms_norm", "instance_norm"}
NORM_ROLES = {"weight": ("γ", r"\gamma"), "bias": ("β", r"\beta")}
FROM_LOSS = 6  # calls between the loss and the comparison with the target: a square, a mean, a factor
LONGEST = 12  # a composed formula of more calls than this is written call by call


def numbered(letter: str, latex: str, number: int | None, name: str) -> Symbol:
    if number is None:
        return Symbol(name, letter, latex)
    return Symbol(name, letter + str(number).translate(SUBSCRIPTS), f"{latex}_{{{number}}}")


class Notation:
    """The symbol of every value of one step, and formulas written with them."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.calls = [call for backward in step.backwards for call in backward.calls]
        self.symbols: dict[int, Symbol] = {}
        self.producer: dict[int, Call] = {v.index: call for call in self.calls for v in call.outputs}
        self.loss = step.backwards[-1].roots[0] if step.backwards and step.backwards[-1].roots else None
        self.target: Value | None = None
        self.prediction = self._prediction()
        self._name_leaves()
        self._name_results()

    def __getitem__(self, value: Value) -> Symbol:
        symbol = self.symbols.get(value.index)
        if symbol is None:
            name = value.name or f"v{value.index}"
            symbol = self.symbols[value.index] = Symbol(f"v{value.index}", name)
        return symbol

    # ------------------------------------------------------------ names

    def _prediction(self) -> Value | None:
        """What the loss compares with its target: the `input` of the call that made the loss."""
        call = self.producer.get(self.loss.index) if self.loss else None
        for _ in range(FROM_LOSS):
            if call is None:
                return None
            if "target" in call.arguments and isinstance(call.arguments.get("input"), Value):
                found: Value = call.arguments["input"]
                return found if found.kind == "result" else None
            inputs = call.inputs
            if len(set(inputs)) != 1:
                return None
            if call.rule == "sub" and inputs[0].kind == "result":  # a loss written by hand: (ŷ − y)²
                self.target = next((v for v in call.values if v.kind == "data" and v.shape), None)
                return inputs[0] if self.target is not None else None
            call = self.producer.get(inputs[0].index)
        return None

    def _name_leaves(self) -> None:
        owners: dict[str, int] = {}
        norm_owners: set[str] = set()
        for call in self.calls:
            for value in call.values:
                if "." in value.name and value.name.rpartition(".")[2] in ROLES:
                    owner = value.name.rpartition(".")[0]
                    owners.setdefault(owner, len(owners) + 1)
                    if call.rule in NORMS:
                        norm_owners.add(owner)
        for call in self.calls:
            for value in call.values:
                if value.kind == "result" or value.index in self.symbols:
                    continue
                owner, _, role = value.name.rpartition(".")
                number = owners.get(owner) if len(owners) > 1 else None
                if owner in owners and role in ROLES:
                    letter, latex = NORM_ROLES[role] if owner in norm_owners else (ROLES[role], ROLES[role])
                    self.symbols[value.index] = numbered(letter, latex, number, f"v{value.index}")
                elif value.name:
                    self.symbols[value.index] = Symbol(f"v{value.index}", value.name)
                elif value.kind == "data":
                    self.symbols[value.index] = Symbol(f"v{value.index}", "data")

    def _name_results(self) -> None:
        letters = {call.index: self._letter(call) for call in self.calls}
        results = [(call, value) for call in self.calls for value in call.outputs if value.requires_grad]
        total = Counter(letters[call.index] for call, value in results if not self._special(value))
        seen: Counter[str] = Counter()
        for call, value in results:
            special = self._special(value)
            if special is not None:
                self.symbols[value.index] = special
                continue
            letter = letters[call.index]
            seen[letter] += 1
            number = seen[letter] if total[letter] > 1 else None
            self.symbols[value.index] = numbered(letter, letter, number, f"v{value.index}")

    def _special(self, value: Value) -> Symbol | None:
        if self.loss is not None and value.index == self.loss.index:
            return Symbol(f"v{value.index}", "L", "L")
        if self.prediction is not None and value.index == self.prediction.index:
            return Symbol(f"v{value.index}", "ŷ", r"\hat y")
        return None

    def _letter(self, call: Call) -> str:
        rule = rule_of(call)
        if isinstance(rule, Contraction) or (rule is not None and rule.name.startswith("conv")):
            return "z"
        if isinstance(rule, Elementwise) and rule.symbol:
            return "a"
        return "h"

    # ------------------------------------------------------------ formulas

    def formula(self, call: Call) -> Formula:
        """The call's value in the names of this step: ŷ's is σ(z)."""
        return self._written(call, {name: self._argument(a) for name, a in call.arguments.items()})

    def definition(self, call: Call) -> Formula | None:
        """The value spelt out, where `formula` writes a named function: 1/(1 + exp(−z))."""
        rule = rule_of(call)
        if rule is None or not rule.symbol:
            return None
        spelt = self.inside(call, rule.formula)
        reduction = call.arguments.get("reduction") if isinstance(rule, PointwiseLoss) else None
        if reduction == "mean":
            return 1 / Symbol("N") * Sum("n", spelt)
        return Sum("n", spelt) if reduction == "sum" else spelt

    def inside(self, call: Call, formula: Formula) -> Formula:
        """A rule's formula with its symbols replaced by this call's arguments and output."""
        replacements = {name: self._argument(a) for name, a in call.arguments.items()}
        replacements["output"] = self[call.output]
        if averaged(call) == 1 and "reduction" in call.arguments:
            replacements["N"] = Number(1)
        return tidy(replace(formula, replacements))

    def _written(self, call: Call, replacements: dict[str, Formula]) -> Formula:
        rule = rule_of(call)
        if rule is None:
            return Apply(call.name, tuple(self[v] for v in call.values))
        if rule.symbol:
            return Apply(rule.symbol, tuple(replacements[name] for name in shown_arguments(rule, call)))
        return tidy(replace(rule.formula, {**replacements, "output": self[call.output]}))

    def _argument(self, argument: object) -> Formula:
        if isinstance(argument, Value):
            return self[argument]
        if isinstance(argument, list | tuple) and any(isinstance(part, Value) for part in argument):
            return Words(", ".join(self[part].text for part in argument if isinstance(part, Value)))
        if argument is None:
            return ABSENT
        if isinstance(argument, bool) or not isinstance(argument, int | float):
            return Words(str(argument))
        return Number(argument)

    def network(self) -> Formula | None:
        """The prediction as one formula of the data and the parameters; None where that would be too long."""
        if self.prediction is None:
            return None
        budget = [LONGEST]
        formula = self._composed(self.prediction, budget)
        return None if budget[0] < 0 else formula

    def _composed(self, value: Value, budget: list[int]) -> Formula:
        call = self.producer.get(value.index)
        budget[0] -= call is not None
        if call is None or budget[0] < 0 or call.rule is None:
            return self[value] if call is None or call.rule is not None else Words(call.name)
        replacements = {
            name: self._composed(a, budget) if isinstance(a, Value) and a.requires_grad else self._argument(a)
            for name, a in call.arguments.items()
        }
        return self._written(call, replacements)


def shown_arguments(rule: Rule, call: Call) -> list[str]:
    """The tensors a named function is written with: the input, and the target of a loss."""
    return [n for n in ("input", "query", "key", "value", "target") if isinstance(call.arguments.get(n), Value)]


def averaged(call: Call) -> int:
    """N: how many numbers a mean is taken over; 1 where there is no mean."""
    if call.arguments.get("reduction", "mean") != "mean":
        return 1
    return max(value.numel for value in call.values) // max(call.output.numel, 1)
