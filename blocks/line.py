"""The line: a repository with all that carries its tickets out. The one place where adapters are put together."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from linestop.audit.rules import RULES
from linestop.blocks.engines import engine_of, settings_of
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.memory_gate import refusal
from linestop.blocks.plan_branch import PlanBranch
from linestop.blocks.repository_checks import RepositoryChecks, checks_for
from linestop.blocks.scanners import scanners_for
from linestop.checks import is_check_configuration, is_test_path
from linestop.engines import EngineSettings
from linestop.errors import PolicyError, ServerError
from linestop.findings import Finding
from linestop.guards import allowances
from linestop.incidents import IncidentStore
from linestop.memory.memory import Memory
from linestop.paths import Layout, repository_root
from linestop.policy import load_policy
from linestop.ports import Engine, Scan
from linestop.tracker import SqliteTracker


class Line:
    """One repository's adapters. Cheap to make; each flow run makes its own."""

    def __init__(
        self,
        repository: str | Path,
        *,
        engine: Engine | None = None,
        agents: Mapping[str, Engine] | None = None,
        roles: Mapping[str, str] | None = None,
    ) -> None:
        self.layout = Layout(repository_root(Path(repository)))
        self.policy = load_policy(self.layout)
        allowances(self.policy.guards)  # an exception that allows nothing is said before anything runs
        self.workspaces = GitWorkspaces(self.layout.root)
        self.tracker = SqliteTracker(self.layout.tracker)
        self.incidents = IncidentStore(self.layout)
        self.memory = Memory(self.layout, self.policy.memory, refused=partial(refusal, self.layout))
        self.plans = PlanBranch(self.workspaces)
        self.sources = scanners_for(self.policy)
        self._roles = dict(roles or {})
        self._settings: dict[str, EngineSettings] = {}
        self._engines: dict[str, Engine] = {**(agents or {}), **({"maker": engine} if engine else {})}

    @property
    def engine(self) -> Engine:
        """Return the maker's engine."""
        engine = self.agent("maker")
        assert engine is not None  # noqa: S101  # the policy's default names one
        return engine

    def agent(self, role: str) -> Engine | None:
        """Return the engine of a role, None where the role has none.

        Raises:
            PolicyError: there is no engine of that name, or it can't be used here.
            ToolError: no sandbox for it.
        """
        if role not in self._engines and (name := self._roles.get(role) or getattr(self.policy.roles, role)):
            settings = self._settings[name] = settings_of(name, self.policy)
            self._engines[role] = engine_of(settings, name, self.policy, self.layout.root)
        return self._engines.get(role)

    def settings(self, engine: str) -> dict[str, Any]:
        """Return what is set of an engine, for its record; nothing for one that was handed over as it is.

        They are those that the engine was made of: a form in the UI may have changed since.
        """
        try:
            return (self._settings.get(engine) or settings_of(engine, self.policy)).model_dump(mode="json")
        except (PolicyError, ServerError):
            return {}

    @property
    def base_branch(self) -> str:
        """Return the name of the base branch."""
        return self.workspaces.base_branch(self.policy.execution.base)

    def checks(self, checkout: Path) -> RepositoryChecks:
        """Return the checks as the base's own files define them; `checkout` must be one of the base."""
        return checks_for(self.layout, self.policy, checkout)

    def scan(self, source: str, checkout: Path, *, rules: tuple[str, ...], paths: tuple[str, ...]) -> Scan | None:
        """Return what a source reports, or None where no such source is configured."""
        scanner = self.sources.get(source)
        return scanner.scan(checkout, rules=rules, paths=paths) if scanner else None

    def problems(self, source: str, checkout: Path, paths: tuple[str, ...]) -> tuple[Finding, ...]:
        """Return every finding of a source in the files among `paths` that are there: what a diff may not add to."""
        there = tuple(path for path in paths if (checkout / path).is_file())
        rules = tuple(RULES) if source == "ruff" else ()
        scan = self.sources[source].scan(checkout, rules=rules or None, paths=there) if there else None
        return scan.findings if scan else ()

    def restored(self, base: str, commit: str) -> tuple[str, ...]:
        """Return the paths that are put back as on the base before the checks run on a candidate.

        All of the base's tests and check configuration, and any check configuration that the candidate adds; a new
        test file of the candidate stays, it can only add a check.
        """
        extra = self.policy.checks.tests
        there, here = self.workspaces.files(base), self.workspaces.files(commit)
        kept = [path for path in there if is_test_path(path, extra) or is_check_configuration(path)]
        return tuple(sorted({*kept, *(path for path in here if is_check_configuration(path))}))
