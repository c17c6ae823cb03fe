"""The chain rule: one declaration per torch function, one per optimizer.

rule.py says what a rule is; each family has a file; table.py finds the rule of a torch function.
"""

from chainrule.rules.rule import Bound, Contraction, Elementwise, Gradients, Rule, rule, sum_to
from chainrule.rules.table import RULES, SPELLINGS, Spelling, rule_of
from chainrule.rules.views import part_of, through_view

__all__ = [
    "RULES",
    "SPELLINGS",
    "Bound",
    "Contraction",
    "Elementwise",
    "Gradients",
    "Rule",
    "Spelling",
    "part_of",
    "rule",
    "rule_of",
    "sum_to",
    "through_view",
]
