"""Why a network does not learn: findings with evidence, place and fix, from the recorded steps of a run.

finding.py says what a finding is, case.py what a check may look at, checks/ has one law in each file, and diagnosis.py
runs them and tells causes from consequences.
"""

from chainrule.diagnose.diagnosis import CHECKS, Diagnosis, diagnose
from chainrule.diagnose.finding import Finding, Tried, Where
from chainrule.diagnose.intervention import Intervention

__all__ = ["CHECKS", "Diagnosis", "Finding", "Intervention", "Tried", "Where", "diagnose"]
