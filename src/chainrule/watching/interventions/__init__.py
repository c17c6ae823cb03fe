"""What a trial does differently in a training, from outside: nothing of the script's text is changed.

at_calls.py acts where torch is called, around_steps.py around backward() and step(), on_modules.py on parameters and
data. Each kind (diagnose/intervention.py says what they do) has a function that takes its settings and acts from then
on, until the process ends.
"""

from chainrule.watching.interventions.around_steps import AROUND_STEPS
from chainrule.watching.interventions.at_calls import AT_CALLS
from chainrule.watching.interventions.on_modules import ON_MODULES

INTERVENTIONS = {**AROUND_STEPS, **AT_CALLS, **ON_MODULES}

__all__ = ["AROUND_STEPS", "AT_CALLS", "INTERVENTIONS", "ON_MODULES"]
