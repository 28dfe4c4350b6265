"""Guards: what a candidate's diff may never do, each a small named rule in a file of its own. Pure.

`judge` is the whole of it. Which exceptions a repository makes is its policy (`guards.allow`, `rule:glob`); what is
looked at besides the diff (findings, checks) is the checker's.
"""

from linestop.guards.judgement import GUARDS, NEVER_ALLOWED, allowances, judge
from linestop.guards.sight import Sight

__all__ = ["GUARDS", "NEVER_ALLOWED", "Sight", "allowances", "judge"]
