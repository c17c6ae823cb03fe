"""The four steps of backpropagation, from a recorded Step and the rules.

forward.py, partials.py, backward.py and update.py are the steps; derivation.py follows one weight through all four;
verify.py proves the numbers against autograd and against the optimizer.
"""

from chainrule.breakdown.backward import propagate
from chainrule.breakdown.chain import backward
from chainrule.breakdown.derivation import Deriver, Derivation
from chainrule.breakdown.forward import forward
from chainrule.breakdown.notation import Notation
from chainrule.breakdown.partials import partials
from chainrule.breakdown.samples import Samples
from chainrule.breakdown.update import update
from chainrule.breakdown.verify import verify

__all__ = ["Derivation", "Deriver", "Notation", "Samples", "backward", "forward", "partials", "propagate", "update", "verify"]
