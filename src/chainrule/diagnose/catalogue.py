"""docs/findings.md: every law, as its check states it. `python -m chainrule.diagnose.catalogue` prints it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from chainrule.diagnose.diagnosis import CHECKS

HEAD = """# Findings

`chainrule diagnose RUN` looks at recorded steps of a run and says what keeps the network from learning: the place, the
numbers, the reason in terms of the chain rule, and what to change. Its exit status is 1 when something was found, 0
when not, and 2 when there is nothing to judge. `chainrule run` ends with the same findings in short.

`--try` runs the script again with each suggested fix, as it was called, in the folder it was called in: it does again
whatever it does, its files are written again. Each run has a process of its own and a time limit. Nothing of the
script's text is changed, the fix is made where torch is called (another learning rate while the optimizer steps, a call
that is left out, a target in another shape). What came of it is told beside the finding: the last losses, or, since
another loss has another unit, the share of the targets' spread that the answers explain. It counts as better when a
tenth less is left unexplained, or of the loss. Fixes that only a hand can make (a missing label, a wider layer) are not
tried.

Each finding below is a law that holds in every training that can learn; what follows from another finding is told
with it. Where a script trains one thing after the other (a teacher and a student, a body and its head), each training
is judged for itself; an input that is sought against a network that stays as it is, is none. Nothing else is judged:
that nothing was found does not prove that all is well.
"""


def catalogue() -> str:
    return HEAD + "".join(_entries())


def _entries() -> Iterator[str]:
    for check in CHECKS:
        module = sys.modules[check.__module__]
        slug = module.__name__.rpartition(".")[2].replace("_", "-")
        yield f"\n## {slug}\n\n{inspect.getdoc(module)}\n"


if __name__ == "__main__":
    print(catalogue(), end="")
