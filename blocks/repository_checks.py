"""Runs a repository's checks in any checkout of it (the port CheckRunner). How they are found is linestop/checks/."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from linestop.blocks.check_folder import CheckFolder
from linestop.blocks.check_results import read_report, said_nothing
from linestop.blocks.processes import run_command
from linestop.blocks.python_environment import PythonEnvironment, python_environment
from linestop.checks.advice import advice, without
from linestop.checks.detection import Detection, detect
from linestop.checks.junit import pytest_node, unittest_name
from linestop.checks.project_files import ProjectFiles
from linestop.errors import InfraError
from linestop.paths import Layout
from linestop.policy import Policy
from linestop.verdicts import CheckReport, CommandRun, TestCase

RERUNS = 3  # SPEC.md section 7: failing tests are run again up to 3 times
MAX_RERUN = 25  # more failures than that are no flakiness, and four runs of a broken suite would cost minutes
_REPORT = "report.xml"
_UNITTEST = Path(__file__).with_name("unittest_report.py")


@dataclass(frozen=True)
class Toolbox:
    """Folders of the host that an agent may read to run the checks, and those that stand first on its PATH."""

    mounts: tuple[Path, ...] = ()
    path: tuple[Path, ...] = ()


class RepositoryChecks:
    """The checks as one base commit defines them, to be run at any other."""

    def __init__(self, detection: Detection, environment: PythonEnvironment | None, *, timeout_seconds: float) -> None:
        self._detection = detection
        self._environment = environment
        self._timeout_seconds = timeout_seconds

    @property
    def command(self) -> tuple[str, ...]:
        """Return the words a person would type."""
        return self._detection.command

    @property
    def description(self) -> str:
        """Return in one line what is run, where that was found, and in which environment."""
        origin = (
            f"; Python {self._environment.interpreter.version}, {self._environment.origin}" if self._environment else ""
        )
        return f"{' '.join(self.command)} (found in {', '.join(self._detection.why)}{origin})"

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a person should know about the environment."""
        return self._environment.notes if self._environment else ()

    @property
    def key(self) -> str:
        """Return the hash of command and environment: reports of equal keys can be compared."""
        parts = [self._detection.runner, *self.command, self._environment.key if self._environment else ""]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]

    def run(self, checkout: Path, *, only: Sequence[str] | None = None) -> CheckReport:
        """Return what the checks say in `checkout`; `only` narrows them to test ids where the runner can.

        Exit code 0 without a test that ran, or beside a test that failed, gets a failed run that says so. Failed tests
        are run again: those that pass then are named flaky and stay failed.

        Raises:
            InfraError: the machine can't start a process, or the environment was removed.
        """
        runs, cases = self._once(checkout, self._selected(checkout, only))
        failed = [case.id for case in cases if case.outcome == "failed"]
        flaky: list[str] = []
        left = failed if len(failed) <= MAX_RERUN else []
        for _ in range(RERUNS):
            chosen = self._selected(checkout, left)
            if not left or chosen is None or runs[-1].timed_out:
                break
            more, again = self._once(checkout, chosen)
            runs = (*runs, *more)
            passed = {case.id for case in again if case.outcome == "passed"} & set(left)
            flaky += [name for name in left if name in passed]
            left = [name for name in left if name not in passed]
        return CheckReport(runs=runs, tests=cases, flaky=tuple(flaky))

    @contextmanager
    def toolbox(self, checkout: Path) -> Iterator[Toolbox]:
        """Yield what an agent needs to run these checks in `checkout` by itself; the folders are gone afterwards."""
        environment = self._environment
        if environment is None:
            yield Toolbox()
            return
        with CheckFolder(checkout, interpreter=environment.interpreter, root=environment.root) as folder:
            base = environment.interpreter.base.resolve()
            sites = [Path(site) for site in environment.interpreter.site_packages]
            bin_folder = folder.scratch / "venv" / "bin"
            yield Toolbox(mounts=(folder.scratch, base.parent.parent, *sites), path=(bin_folder,))

    def names(self, checkout: Path, test_ids: Sequence[str]) -> tuple[str, ...]:
        """Return tests as a person would type them, those that can't be typed as the report names them."""
        return tuple(typed or test_id for typed, test_id in zip(self._nodes(checkout, test_ids), test_ids, strict=True))

    def advice(self, checkout: Path, failed: Sequence[str]) -> str:
        """Return what a person can set where tests fail on the base: lines that end with a table for the policy."""
        return advice(self.description, self.without(checkout, failed), self._detection.needs.words)

    def without(self, checkout: Path, failed: Sequence[str]) -> str | None:
        """Return the command without some tests, None where there is no short way to say it."""
        nodes = self._nodes(checkout, failed)
        typed = [node for node in nodes if node]
        return without(self._detection.runner, self.command, typed) if len(typed) == len(nodes) else None

    def _once(
        self, checkout: Path, chosen: Sequence[str] | None
    ) -> tuple[tuple[CommandRun, ...], tuple[TestCase, ...]]:
        with self._folder(checkout) as folder:
            report = folder.scratch / _REPORT
            argv = self._argv(folder, report, None if chosen is None else [folder.named(word) for word in chosen])
            run = run_command(argv, cwd=folder.cwd, env=folder.environment, timeout_seconds=self._timeout_seconds)
            self._require_environment()
            words = self.command if chosen is None else (*self.command[:3], *chosen)
            run = run.model_copy(update={"argv": words})
            if self._detection.runner == "command":
                return (run,), ()
            cases, problem = read_report(report)
            cases = tuple(case.model_copy(update={"id": folder.anonymous(case.id)}) for case in cases)
        complaint = said_nothing(run, cases, problem)
        return ((run, complaint) if complaint else (run,)), cases

    def _require_environment(self) -> None:
        """Refuse a result of an environment that went away while it ran: no verdict may rest on that."""
        if self._environment and self._environment.lost:
            raise InfraError(
                "the environment of the checks is gone",
                found=self._environment.origin,
                todo="run it again: an environment of linestop's is built anew",
            )

    def _argv(self, folder: CheckFolder, report: Path, chosen: Sequence[str] | None) -> list[str]:
        python, words = str(folder.python), self._detection.arguments
        if self._detection.runner == "pytest":
            options = ["-p", "no:cacheprovider", "-q", "--junitxml", str(report), "-o", "junit_family=xunit2"]
            no_cov = ["--no-cov"] if self._environment and self._environment.has("pytest-cov") else []
            return [python, "-m", "pytest", *options, *no_cov, *(words if chosen is None else chosen)]
        if self._detection.runner == "unittest":
            script = _UNITTEST.read_text(encoding="utf-8")
            return [python, "-c", script, str(report), json.dumps(list(chosen or ())), *words]
        return list(words)

    def _selected(self, checkout: Path, only: Sequence[str] | None) -> list[str] | None:
        """Return the runner's words for test ids, None where it can't be told them: then everything runs."""
        if only is None or self._detection.runner == "command":
            return None
        if self._detection.runner == "unittest":
            return [unittest_name(one) for one in only]
        nodes = self._nodes(checkout, only)
        return [node for node in nodes if node] if all(node and "::" in node for node in nodes) else None

    def _nodes(self, checkout: Path, test_ids: Sequence[str]) -> list[str | None]:
        if self._detection.runner != "pytest":
            return [None] * len(test_ids)
        files = frozenset(path.relative_to(checkout).as_posix() for path in checkout.rglob("*.py"))
        return [pytest_node(one, files) for one in test_ids]

    def _folder(self, checkout: Path) -> CheckFolder:
        return self._environment.folder(checkout) if self._environment else CheckFolder(checkout)


def checks_for(layout: Layout, policy: Policy, checkout: Path) -> RepositoryChecks:
    """Return the checks that a checkout of the base defines, their environment ready.

    Raises:
        RepositoryError: no tests were found; says what to set.
        PolicyError: the policy's section `checks` can't be used.
        ToolError: the environment can't be built.
    """
    project = ProjectFiles(checkout, name=layout.root.name)
    detection = detect(project, policy.checks)
    environment = python_environment(layout, policy.checks, project, detection) if detection.python else None
    return RepositoryChecks(detection, environment, timeout_seconds=policy.checks.timeout_seconds)
