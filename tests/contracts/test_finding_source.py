"""The contract of the FindingSource port: what the built-in sources, custom ones and the fake must do."""

import json
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from linestop.audit.fixed_source import FixedSource
from linestop.audit.rules import RULES, UNSELECTABLE, allow_list
from linestop.blocks.processes import capture, clean_environment
from linestop.blocks.scanners import CommandSource, RuffSource, VultureSource, scanners_for
from linestop.errors import PolicyError, ToolError
from linestop.findings import Finding
from linestop.policy import AuditPolicy, Policy
from linestop.ports import FindingSource

DEAD = "def f():\n    return 1\n    print(2)\n\n\nf()\n"
ODD_NAMES = ("a b.py", "-x.py", "@x.py", "ü.py", "[x].py", "sub/it's.py")
SCANNER = """
import json, pathlib, sys
results = [
    {"ruleId": rule, "message": {"text": "m"}, "locations": [{"physicalLocation": {
        "artifactLocation": {"uri": path.as_uri()}, "region": {"startLine": 3}}}]}
    for path in sorted(pathlib.Path(sys.argv[1]).resolve().rglob("*.py")) for rule in ("X1", "X2")
]
print(json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": results}]}))
sys.exit(len(results) > 0)
"""


@dataclass
class Case:
    """A source and the rule it reports at line 3 of every file of the repository."""

    source: FindingSource
    rule: str
    line: int = 3


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    for name in ODD_NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("import os\n" + DEAD)
    return folder


@pytest.fixture(params=["ruff", "vulture", "command", "fixed"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    script = tmp_path / "scanner.py"
    script.write_text(SCANNER)
    match request.param:
        case "ruff":
            return Case(RuffSource(), "F401", 1)
        case "vulture":
            return Case(VultureSource(), "unreachable-code", 4)
        case "command":
            return Case(CommandSource("mine", shlex.join([sys.executable, str(script), "{root}"])), "X1")
        case _:
            findings = [
                Finding(source="fixed", rule=rule, path=path, line=3) for path in ODD_NAMES for rule in ("X1", "X2")
            ]
            return Case(FixedSource("fixed", findings), "X1")


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in root.rglob("*") if path.is_file()}


def places(case: Case, root: Path, **words: tuple[str, ...]) -> set[tuple[str, int]]:
    return {(f.path, f.line) for f in case.source.scan(root, **words).findings if f.rule == case.rule}


def test_every_odd_file_name_is_reported_relative_to_the_root(case: Case, root: Path) -> None:
    assert places(case, root) == {(name, case.line) for name in ODD_NAMES}


def test_a_scan_names_its_source_and_the_command(case: Case, root: Path) -> None:
    scan = case.source.scan(root)
    assert scan.source == case.source.name
    assert {finding.source for finding in scan.findings} == {case.source.name}
    assert scan.run.argv


def test_rules_narrow_a_scan(case: Case, root: Path) -> None:
    assert {finding.rule for finding in case.source.scan(root, rules=(case.rule,)).findings} == {case.rule}
    assert case.source.scan(root, rules=()).findings == ()


def test_paths_narrow_a_scan(case: Case, root: Path) -> None:
    assert places(case, root, paths=("-x.py", "sub/it's.py")) == {("-x.py", case.line), ("sub/it's.py", case.line)}


def test_a_path_that_is_gone_has_no_findings(case: Case, root: Path) -> None:
    (root / "a b.py").unlink()
    assert places(case, root, paths=("a b.py", "nowhere.py")) == set()


def test_a_scan_writes_nothing_into_the_tree(case: Case, root: Path) -> None:
    before = tree(root)
    case.source.scan(root)
    assert tree(root) == before


def test_an_empty_repository_has_no_findings(case: Case, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert case.source.scan(tmp_path / "empty").findings == ()


@pytest.mark.parametrize("source", [RuffSource(), VultureSource()], ids=lambda source: source.name)
def test_nothing_of_the_repository_runs_or_configures_a_scanner_of_ours(source: FindingSource, root: Path) -> None:
    trap = f"open({str(root / 'ran')!r}, 'w')\n"
    for name in ("ruff.py", "vulture.py", "sitecustomize.py", "usercustomize.py", "json.py"):
        (root / name).write_text(trap)
    (root / "ruff.toml").write_text("lint.select = []\nexclude = ['*']\n")
    (root / "pyproject.toml").write_text(
        "[tool.ruff]\nexclude = ['*']\n[tool.vulture]\nexclude = ['*']\nmin_confidence = 100\nverbose = true\n"
    )
    (root / ".gitignore").write_text("*\n")
    assert {finding.path for finding in source.scan(root).findings} >= set(ODD_NAMES)
    assert not (root / "ran").exists()


@pytest.mark.parametrize("source", [RuffSource(), VultureSource()], ids=lambda source: source.name)
def test_a_link_out_of_the_repository_is_never_read(source: FindingSource, root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("import os\n" + DEAD)
    (root / "link.py").symlink_to(tmp_path / "secret.py")
    (root / "up").symlink_to(tmp_path, target_is_directory=True)
    assert {finding.path for finding in source.scan(root).findings} == set(ODD_NAMES)
    assert source.scan(root, paths=("link.py", "up/secret.py", "../secret.py")).findings == ()


def test_a_file_that_does_not_parse_is_reported_whatever_rule_was_asked_for(root: Path) -> None:
    (root / "broken.py").write_text("def f(:\n")
    findings = RuffSource().scan(root, rules=("F632",), paths=("broken.py",)).findings
    assert {finding.rule for finding in findings} == {"invalid-syntax"}


def test_a_suppression_of_the_repository_counts(root: Path) -> None:
    (root / "ü.py").write_text("import os  # noqa: F401\n")
    assert RuffSource().scan(root, paths=("ü.py",)).findings == ()


def test_a_line_break_in_a_name_does_not_confuse_a_scanner(root: Path) -> None:
    (root / "a\nb.py").write_text("import os\n")
    assert "a\nb.py" in {finding.path for finding in RuffSource().scan(root).findings}
    VultureSource().scan(root)


def test_more_files_than_one_argument_list_holds_are_all_scanned(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    for number in range(1200):
        (folder / f"{number:04}.py").write_text("import os\n")
    assert len(RuffSource().scan(tmp_path).findings) == 1200


BROKEN = [
    pytest.param("no-such-scanner-anywhere", "127", id="missing"),
    pytest.param("python3 -c 'raise SystemExit(2)'", "exit code 2", id="ends badly and says nothing"),
    pytest.param("echo hello", "no SARIF", id="prints no SARIF"),
    pytest.param("sleep 60", "out of time", id="runs out of time"),
]


@pytest.mark.parametrize(("command", "said"), BROKEN)
def test_a_broken_scanner_is_a_tool_error_that_says_what_to_do(tmp_path: Path, command: str, said: str) -> None:
    with pytest.raises(ToolError) as caught:
        CommandSource("mine", command, timeout_seconds=1).scan(tmp_path)
    assert said in caught.value.what
    assert caught.value.todo


def test_a_custom_command_gets_no_shell_and_no_secret_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_TOKEN", "secret")
    empty = json.dumps({"version": "2.1.0", "runs": []})
    script = tmp_path / "s.py"
    script.write_text(f"import os, sys\nassert 'LINESTOP_TOKEN' not in os.environ\nprint({empty!r}, file=sys.stdout)\n")
    source = CommandSource("mine", f"{sys.executable} {script} ; touch {tmp_path}/ran && true")
    assert source.scan(tmp_path).run.exit_code == 0
    assert not os.path.lexists(tmp_path / "ran")


BAD_SOURCES = [
    pytest.param({"ruff": "ruff"}, id="a built-in name"),
    pytest.param({"a b": "x"}, id="a name with a blank"),
    pytest.param({"../x": "x"}, id="a path for a name"),
    pytest.param({"mine": ""}, id="no command"),
    pytest.param({"mine": "a 'b"}, id="an open quote"),
]


@pytest.mark.parametrize("sources", BAD_SOURCES)
def test_a_scanner_that_cannot_be_run_is_refused_when_the_policy_is_read(sources: dict[str, str]) -> None:
    with pytest.raises(PolicyError):
        scanners_for(Policy(audit=AuditPolicy(sources=sources)))


def test_the_policy_chooses_rules_and_adds_sources(root: Path) -> None:
    policy = Policy(audit=AuditPolicy(rules=("F811",), sources={"mine": "true"}, exclude=("sub/*",)))
    sources = scanners_for(policy)
    assert list(sources) == ["ruff", "vulture", "mine"]
    assert sources["ruff"].scan(root).findings == ()
    with pytest.raises(PolicyError):
        RuffSource(rules=("F401,E501 --fix",))


def test_ruff_knows_every_rule_of_the_list_by_that_name(tmp_path: Path) -> None:
    argv = (sys.executable, "-I", "-m", "ruff", "rule", "--all", "--output-format=json")
    _, out = capture(argv, cwd=tmp_path, env=clean_environment(), timeout_seconds=60)
    stable = {row["code"] for row in json.loads(out) if row["code"] and "Stable" in row["status"]}
    assert set(allow_list()) <= stable
    assert set(RULES) - set(allow_list()) == UNSELECTABLE


def test_an_import_that_asks_whether_a_module_is_there_is_no_finding(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("try:\n    import readline\nexcept Exception:\n    pass\nimport os\n")
    assert [finding.line for finding in RuffSource(rules=("F401",)).scan(tmp_path).findings] == [5]
