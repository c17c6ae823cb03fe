"""chainrule: backpropagation with the box open.

with chainrule.watch("xor.run") as run:   # any PyTorch training loop, untouched
    train()
print(run[0])                             # step 0 in four steps: forward, partials, backward, update
print(run[0].derive("fc.weight", (0, 1), sample=2))
"""

import random
from typing import TYPE_CHECKING, Any

from chainrule.errors import ChainruleError

if TYPE_CHECKING:
    from chainrule.api import Call, Derivation, Parameter, Run, Step, explain, load, watch
    from chainrule.natively import train
    from chainrule.training.sweeping import Sweep, sweep

__version__ = "0.1.0"
__all__ = [
    "Call",
    "ChainruleError",
    "Derivation",
    "Parameter",
    "Run",
    "Step",
    "Sweep",
    "explain",
    "load",
    "load_ipython_extension",
    "sweep",
    "train",
    "watch",
]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext chainrule` in a notebook."""
    from chainrule import notebook

    notebook.load_ipython_extension(shell)


def __getattr__(name: str) -> Any:
    """Everything that needs torch is imported when it is first asked for: `chainrule --help` must not wait for it."""
    if name not in __all__:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    before = random.getstate()  # rich draws from it when it is imported, and the script may have seeded it
    try:
        if name in ("Sweep", "sweep"):
            from chainrule.training import sweeping

            return getattr(sweeping, name)
        if name == "train":
            from chainrule import natively

            return natively.train
        from chainrule import api

        return getattr(api, name)
    finally:
        random.setstate(before)
