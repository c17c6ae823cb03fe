"""docs/findings.md: every law, as its check states it. `python -m chainrule.diagnose.catalogue` prints it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from chainrule.diagnose.diagnosis import CHECKS

HEAD = """# Findings

`chainrule diagnose RUN` looks at recorded steps of a run and says what keeps the network from learning: the place, the
numbers, the reason in terms of the chain rule, and what to change. Its exit status is 1 when something was found, else
0. Each finding below is a law that holds in every training that can learn; what follows from another finding is told
with it. Nothing else is judged: that nothing was found does not prove that all is well.
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
