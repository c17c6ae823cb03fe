"""The four steps of backpropagation, from a recorded Step and the rules.

forward.py, partials.py, backward.py and update.py are the steps; derivation.py follows one weight through all four;
verify.py proves the numbers against autograd and against the optimizer.
"""

from chainrule.breakdown.backward import backward_rows, propagate
from chainrule.breakdown.derivation import Derivation, Deriver
from chainrule.breakdown.forward import forward_rows
from chainrule.breakdown.notation import Notation
from chainrule.breakdown.partials import partial_rows
from chainrule.breakdown.samples import Samples
from chainrule.breakdown.update import update_rows
from chainrule.breakdown.verify import verify

__all__ = [
    "Derivation",
    "Deriver",
    "Notation",
    "Samples",
    "backward_rows",
    "forward_rows",
    "partial_rows",
    "propagate",
    "update_rows",
    "verify",
]
