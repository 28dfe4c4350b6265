"""A repository's checks: what they are, how they are found, what their results mean. Runs nothing (blocks/ does)."""

from linestop.checks.comparison import regressions
from linestop.checks.paths import is_check_configuration, is_test_path
from linestop.checks.verification import is_verification

__all__ = ["is_check_configuration", "is_test_path", "is_verification", "regressions"]
