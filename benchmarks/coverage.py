"""Writes docs/coverage.md: for each of PyTorch's functions and modules, whether rules differentiate it.

    python benchmarks/coverage.py

The functions are those of torch.testing's op_db, the modules those of its module_db; the samples are PyTorch's own.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
OF_EACH = 3  # samples of each function
ROW = re.compile(r"^\| `([^`]+)` \| (\w+) \|", re.MULTILINE)

HEAD = """# Coverage

What PyTorch's own suites say, over {n} samples of each function of `op_db` and of each module of `module_db`, in
float64. Every gradient in this table was compared with autograd's, call by call, and agreed to within rounding.

- **rule**: the function has a rule of its own
- **opened**: it is written in Python, and the functions it calls have rules
- **rules**: a module, all of whose calls have rules
- **opaque**: autograd differentiates it, or something inside of it; the chain goes through it all the same

{rules} rules differentiate {spellings} functions, counting each spelling (`torch.tanh`, `Tensor.tanh`, ...).
Written by `benchmarks/coverage.py`; `tests/judge` holds this table against the code.

## Totals

- functions: {operators}
- modules: {modules}

## Functions

| function | | samples wholly by rules |
|---|---|---|
"""


def stated(document: str) -> dict[str, str]:
    """{function or module: rule, opened or opaque} as the document says."""
    return dict(ROW.findall(document))


def totals(verdicts: Iterable[object]) -> str:
    counted = Counter(verdict.how for verdict in verdicts)  # type: ignore[attr-defined]
    return f"{counted.total()}: " + ", ".join(f"{n} {how}" for how, n in sorted(counted.items(), key=lambda c: -c[1]))


def rows(verdicts: Iterable[object]) -> str:
    return "\n".join(
        f"| `{v.name}` | {v.how} | {v.whole} of {v.samples} |"  # type: ignore[attr-defined]
        for v in verdicts
    )


def main() -> None:
    sys.path.insert(0, str(ROOT / "tests" / "judge"))
    from judging import MODULES, OPERATORS, a_small_heap, judge_module, judge_operator

    from chainrule.rules import RULES, SPELLINGS

    warnings.simplefilter("ignore")
    with a_small_heap():
        operators = [judge_operator(op, OF_EACH) for _, op in sorted(OPERATORS.items())]
        modules = [judge_module(info, OF_EACH) for _, info in sorted(MODULES.items())]
    modules = [verdict for verdict in modules if verdict.samples]
    head = HEAD.format(
        n=OF_EACH, rules=len(RULES), spellings=len(SPELLINGS), operators=totals(operators), modules=totals(modules)
    )
    table = f"{head}{rows(operators)}\n\n## Modules\n\n| module | | samples wholly by rules |\n|---|---|---|\n"
    (ROOT / "docs" / "coverage.md").write_text(f"{table}{rows(modules)}\n", encoding="utf-8")
    for verdict in (*operators, *modules):
        for fault in verdict.faults:
            print(f"{verdict.name}: {fault}")
    print(f"functions {totals(operators)}, modules {totals(modules)}")


if __name__ == "__main__":
    main()
