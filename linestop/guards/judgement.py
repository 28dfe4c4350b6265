"""Runs every guard over a diff, with the policy's exceptions taken out first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

from linestop.audit.globs import matches_any
from linestop.changes import Change
from linestop.errors import PolicyError
from linestop.guards.ci import ci
from linestop.guards.configuration import configuration
from linestop.guards.deletions import deletions
from linestop.guards.executable_bit import executable_bit
from linestop.guards.git_attributes import git_attributes
from linestop.guards.lock_files import lock_files
from linestop.guards.scope import scope
from linestop.guards.secrets import secrets
from linestop.guards.sight import Guard, Sight
from linestop.guards.size import size
from linestop.guards.startup_code import startup_code
from linestop.guards.state import state
from linestop.guards.submodules import submodules
from linestop.guards.suppressions import suppressions
from linestop.guards.symlinks import symlinks
from linestop.guards.tests import tests
from linestop.guards.tests_configuration import tests_configuration
from linestop.plans import Chunk, Plan
from linestop.policy import GuardsPolicy
from linestop.verdicts import Violation

GUARDS: Mapping[str, Guard] = MappingProxyType(
    {
        "scope": scope,
        "deletions": deletions,
        "tests": tests,
        "test-configuration": tests_configuration,
        "configuration": configuration,
        "suppressions": suppressions,
        "ci": ci,
        "lock-files": lock_files,
        "secrets": secrets,
        "state": state,
        "git-attributes": git_attributes,
        "symlinks": symlinks,
        "submodules": submodules,
        "startup-code": startup_code,
        "executable-bit": executable_bit,
        "size": size,
    }
)
NEVER_ALLOWED = frozenset({"state"})  # no policy lets an agent write linestop's or git's own files
MAX_NAMED = 20  # violations of one rule; a diff of thousands of files needs no thousand lines to be refused


def judge(
    changes: Sequence[Change],
    *,
    plan: Plan,
    chunk: Chunk | None,
    policy: GuardsPolicy,
    is_test: Callable[[str], bool],
) -> tuple[Violation, ...]:
    """Return what the diff does that it may not, in the order of `GUARDS`; nothing where it may be looked at further.

    Raises:
        PolicyError: `guards.allow` names a rule that isn't there, or one that has no exceptions.
    """
    allowed = allowances(policy)
    found = list[Violation]()
    for rule, guard in GUARDS.items():
        globs = allowed.get(rule, ())
        seen = tuple(change for change in changes if not matches_any(change.path, globs))
        sight = Sight(seen, plan, chunk, policy.max_out_of_scope, is_test)
        found += _first(rule, iter(guard(sight)))
    return tuple(found)


def allowances(policy: GuardsPolicy) -> dict[str, tuple[str, ...]]:
    """Return rule -> globs of the paths it does not hold for.

    Raises:
        PolicyError: an entry is no `rule:glob` of a rule that may have exceptions.
    """
    allowed: dict[str, tuple[str, ...]] = {}
    for entry in policy.allow:
        rule, _, glob = entry.partition(":")
        if rule not in GUARDS or rule in NEVER_ALLOWED or not glob:
            raise PolicyError(
                f"guards.allow: {entry!r} allows nothing",
                found="no `rule:glob`, or a rule that has no exceptions",
                todo=f"name a rule, a colon and a glob; rules: {', '.join(sorted(GUARDS.keys() - NEVER_ALLOWED))}",
            )
        allowed[rule] = (*allowed.get(rule, ()), glob)
    return allowed


def _first(rule: str, violations: Iterator[Violation]) -> list[Violation]:
    named = list(islice(violations, MAX_NAMED))
    more = sum(1 for _ in violations)
    if more:
        named.append(Violation(rule=rule, path="", message=f"and {more} more files"))
    return named
