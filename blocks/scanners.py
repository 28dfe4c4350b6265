"""Audit sources: the adapters of the FindingSource port. Each runs a command and reads SARIF (linestop/audit/sarif.py).

No scanner of ours imports or configures itself from the repository: ruff runs isolated, vulture with no configuration,
python itself with -I. They get a list of plain files, so that a link leads nowhere. Custom commands are the owner's.
"""

import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from linestop.audit.false_alarms import real
from linestop.audit.rules import SYNTAX, UNSELECTABLE, allow_list
from linestop.audit.sarif import read_sarif
from linestop.audit.sarif_writing import sarif_from_ruff, sarif_from_vulture
from linestop.audit.source_files import is_plain_file, python_files, read_text_safely
from linestop.audit.target_version import target_version
from linestop.blocks.processes import capture, clean_environment
from linestop.errors import PolicyError, ToolError
from linestop.findings import Finding
from linestop.fixes.leftovers import UNUSED_IMPORT
from linestop.fixes.probes import probe_lines
from linestop.policy import Policy
from linestop.ports import FindingSource, Scan
from linestop.verdicts import CommandRun

MIN_CONFIDENCE = 80  # vulture: 60 is "no caller in this repository", which any public function may lack
MAX_ARGUMENT_CHARS = 100_000  # of file names in one call; the kernel takes 128 KiB in one and 2 MiB in all
_SELECTOR = re.compile(r"ALL|[A-Z]{1,10}[0-9]{0,4}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}")
_SHOWN_WORDS = 12  # of a command in an error; the rest are file names
# Parameters that a context manager or a callback must take though it has no use for them.
_TAKEN_UNUSED = "exc_type,exc_val,exc_value,exc_tb,exc,tb,traceback,_*,args,kwargs"


class RuffSource:
    """ruff with the policy's rules, else the built-in list. `# noqa` counts, the repository's configuration not."""

    name = "ruff"

    def __init__(
        self, *, rules: Sequence[str] | None = None, exclude: Sequence[str] = (), timeout_seconds: int = 300
    ) -> None:
        for rule in rules or ():
            if not _SELECTOR.fullmatch(rule):
                raise PolicyError(
                    "audit.rules holds something that is no ruff rule",
                    found=repr(rule),
                    todo="write codes such as F401 or PERF",
                )
        self._rules = tuple(rules) if rules else allow_list()
        self._exclude = tuple(exclude)
        self._timeout_seconds = timeout_seconds

    def scan(self, root: Path, *, rules: Sequence[str] | None = None, paths: Sequence[str] | None = None) -> Scan:
        """Return what ruff reports. A file that does not parse is always reported: it hides every other finding.

        Raises:
            ToolError: ruff is missing or broke.
        """
        selected = tuple(rule for rule in rules if rule not in UNSELECTABLE) if rules is not None else self._rules
        files = _chosen(root, paths, exclude=self._exclude)
        runs, findings = list[CommandRun](), list[Finding]()
        for batch in _batches(files):
            argv = (*self._command(root, selected), "--", *batch)
            run, out = _captured(self.name, argv, root, self._timeout_seconds, good=(0,))
            runs.append(run)
            findings += read_sarif(sarif_from_ruff(out), source=self.name, root=root, trusted=True).findings
        kept = _narrowed(_without_probes(root, findings), None if rules is None else (*rules, SYNTAX), None)
        return Scan(source=self.name, findings=kept, run=_one(runs, self._command(root, selected)))

    def _command(self, root: Path, rules: Sequence[str]) -> tuple[str, ...]:
        # No rule selected would mean ruff's defaults: E9 never reports more than what does not parse.
        select = ",".join(rules) or "E9"
        return (
            *_python_module("ruff"), "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--no-fix",
            "--output-format=json", f"--target-version={target_version(root)}", f"--select={select}",
        )  # fmt: skip


class VultureSource:
    """vulture: code that nothing uses or reaches. It looks at all files, since any of them may be the user."""

    name = "vulture"

    def __init__(self, *, exclude: Sequence[str] = (), timeout_seconds: int = 300) -> None:
        self._exclude = tuple(exclude)
        self._timeout_seconds = timeout_seconds

    def scan(self, root: Path, *, rules: Sequence[str] | None = None, paths: Sequence[str] | None = None) -> Scan:
        """Return what vulture reports with a confidence of at least 80 %.

        Raises:
            ToolError: vulture is missing or broke.
        """
        # vulture prints a line a finding: a name that holds a line break can't be told from its lines.
        files = tuple(f"./{path}" for path in python_files(root, exclude=self._exclude) if path.isprintable())
        command = (
            *_python_module("vulture"), "--config", "/dev/null", "--min-confidence", str(MIN_CONFIDENCE),
            "--ignore-names", _TAKEN_UNUSED,
        )  # fmt: skip
        if not files:
            return Scan(source=self.name, findings=(), run=_one([], command))
        # One call needs all files; where they are too many for an argument list, vulture walks the folder by itself.
        words = files if sum(map(len, files)) < 10 * MAX_ARGUMENT_CHARS else (".",)
        run, out = _captured(self.name, (*command, "--", *words), root, self._timeout_seconds, good=(0, 1, 3))
        if run.exit_code == 1 and "Traceback" in run.output:
            raise _broke(self.name, run)
        reading = read_sarif(sarif_from_vulture(out), source=self.name, root=root, trusted=True)
        findings = real(reading.findings, read=partial(read_text_safely, root))
        return Scan(source=self.name, findings=_narrowed(findings, rules, paths), run=run)


class CommandSource:
    """A scanner the policy names: a command that prints SARIF. `{root}` in it becomes the checkout's path."""

    def __init__(self, name: str, command: str, *, timeout_seconds: int = 300) -> None:
        self.name = name
        self._timeout_seconds = timeout_seconds
        self._words = _split(name, command)

    def scan(self, root: Path, *, rules: Sequence[str] | None = None, paths: Sequence[str] | None = None) -> Scan:
        """Return what the command reports; its exit code says little (many exit 1 with findings), its SARIF all.

        Raises:
            ToolError: the command is missing, ran out of time, or printed no SARIF 2.1.0.
        """
        argv = tuple(word.replace("{root}", str(root)) for word in self._words)
        run, out = _captured(self.name, argv, root, self._timeout_seconds, good=None)
        if not out.strip() and run.exit_code != 0:
            raise _broke(self.name, run)
        reading = read_sarif(out, source=self.name, root=root)
        findings = _narrowed(reading.findings, rules, paths)
        return Scan(source=self.name, findings=findings, run=run, problems=tuple(reading.problems))


def scanners_for(policy: Policy) -> dict[str, FindingSource]:
    """Return the sources of a repository by name: ruff, vulture, then the policy's own.

    Raises:
        PolicyError: a custom source has a name or a command that can't be used.
    """
    audit = policy.audit
    sources: dict[str, FindingSource] = {
        "ruff": RuffSource(rules=audit.rules, exclude=audit.exclude, timeout_seconds=audit.timeout_seconds),
        "vulture": VultureSource(exclude=audit.exclude, timeout_seconds=audit.timeout_seconds),
    }
    for name, command in audit.sources.items():
        if name in sources:
            raise PolicyError(f"audit.sources.{name} is built in already", found=command, todo="give it another name")
        sources[name] = CommandSource(name, command, timeout_seconds=audit.timeout_seconds)
    return sources


def _split(name: str, command: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        words, reason = (), str(error)
    else:
        reason = "no words"
    if not words or not _NAME.fullmatch(name):
        found = f"{command!r}: {reason}" if not words else f"the name {name!r}"
        raise PolicyError(
            "audit.sources holds a scanner that can't be run",
            found=found,
            todo='write name = "command --format sarif"; the name has letters, digits, dots and dashes',
        )
    return words


def _python_module(module: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-m", module)


def _chosen(root: Path, paths: Sequence[str] | None, *, exclude: Sequence[str]) -> tuple[str, ...]:
    """Return the Python files to look at; a path that is gone has no findings any more."""
    if paths is None:
        return python_files(root, exclude=exclude)
    return tuple(path for path in paths if path.endswith((".py", ".pyi")) and is_plain_file(root, path))


def _batches(files: Sequence[str]) -> Iterator[tuple[str, ...]]:
    batch, size = list[str](), 0
    for path in files:
        word = f"./{path}"  # a name that begins with `-` or `@` is no option and no argument file
        if batch and size + len(word) > MAX_ARGUMENT_CHARS:
            yield tuple(batch)
            batch, size = [], 0
        batch.append(word)
        size += len(word) + 1
    if batch:
        yield tuple(batch)


def _narrowed(
    findings: Sequence[Finding], rules: Sequence[str] | None, paths: Sequence[str] | None
) -> tuple[Finding, ...]:
    return tuple(
        finding
        for finding in findings
        if (rules is None or finding.rule in rules) and (paths is None or finding.path in paths)
    )


def _without_probes(root: Path, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Leave out imports that only ask whether a module is there."""
    paths = {finding.path for finding in findings if finding.rule == UNUSED_IMPORT}
    probes = {path: probe_lines((root / path).read_bytes().decode("utf-8-sig", "replace")) for path in paths}
    return tuple(
        finding for finding in findings if finding.rule != UNUSED_IMPORT or finding.line not in probes[finding.path]
    )


def _captured(
    name: str, argv: Sequence[str], root: Path, timeout_seconds: int, *, good: tuple[int, ...] | None
) -> tuple[CommandRun, str]:
    run, out = capture(argv, cwd=root, env=_environment(), timeout_seconds=timeout_seconds)
    if run.timed_out or run.exit_code is None or run.exit_code in (126, 127):
        raise _broke(name, run)
    if good is not None and run.exit_code not in good:
        raise _broke(name, run)
    return run, out


def _environment() -> Mapping[str, str]:
    return clean_environment(PYTHONDONTWRITEBYTECODE="1", NO_COLOR="1")


def _broke(name: str, run: CommandRun) -> ToolError:
    how = "ran out of time" if run.timed_out else f"ended with exit code {run.exit_code}"
    command = shlex.join(run.argv[:_SHOWN_WORDS]) + (" …" if len(run.argv) > _SHOWN_WORDS else "")
    return ToolError(
        f"the audit source {name} {how}",
        found=f"{command}\n{run.output[-1500:].strip()}",
        todo="run that command by hand; audit.timeout_seconds and audit.sources are set in .linestop/config.toml",
    )


def _one(runs: Sequence[CommandRun], argv: Sequence[str]) -> CommandRun:
    """Return the batches' runs as one."""
    if not runs:
        return CommandRun(argv=tuple(argv), exit_code=0, seconds=0.0, output="no Python file to look at")
    return runs[-1].model_copy(update={"seconds": sum(run.seconds for run in runs)})
