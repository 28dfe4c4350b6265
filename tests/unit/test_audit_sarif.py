"""Reading SARIF: tolerant of what may be missing, strict about where a path leads."""

import json
from pathlib import Path
from typing import Any

import pytest

from linestop.audit.sarif import read_sarif
from linestop.audit.sarif_writing import sarif_from_ruff, sarif_from_vulture
from linestop.errors import ToolError
from linestop.findings import Severity


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    (folder / "src").mkdir(parents=True)
    for name in ("src/a b.py", "src/ü.py", "src/#x?.py", "-dash.py", "line\nbreak.py"):
        (folder / name).write_text("import os\n  x = 1\n")
    (tmp_path / "secret.py").write_text("token = 1\n")
    (folder / "link.py").symlink_to(tmp_path / "secret.py")
    return folder


def document(result: dict[str, Any], **run: Any) -> str:
    return json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [result], **run}]})


def result(uri: str = "src/a%20b.py", **more: Any) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": 2}}
    return {"ruleId": "R1", "message": {"text": "m"}, "locations": [{"physicalLocation": place}]} | more


PATHS = [
    pytest.param("src/a%20b.py", "src/a b.py", id="percent-encoded"),
    pytest.param("src/a b.py", "src/a b.py", id="not encoded though it should be"),
    pytest.param("./src/../src/a%20b.py", "src/a b.py", id="dots that stay inside"),
    pytest.param("src/%C3%BC.py", "src/ü.py", id="unicode"),
    pytest.param("src/#x?.py", "src/#x?.py", id="a hash and a question mark in a name"),
    pytest.param("line%0Abreak.py", "line\nbreak.py", id="a line break"),
    pytest.param("-dash.py", "-dash.py", id="a leading dash"),
    pytest.param("../secret.py", None, id="outside by dots"),
    pytest.param("%2e%2e/secret.py", None, id="outside by encoded dots"),
    pytest.param("/etc/passwd", None, id="absolute and outside"),
    pytest.param("file:///etc/passwd", None, id="a file uri outside"),
    pytest.param("file://elsewhere/src/a.py", None, id="another host"),
    pytest.param("https://example.org/a.py", None, id="no file at all"),
    pytest.param("http://[", None, id="no uri at all"),
    pytest.param("link.py", None, id="a link that leads out"),
    pytest.param("gone.py", None, id="a file that is not there"),
    pytest.param("a%00b.py", None, id="a NUL"),
    pytest.param("%FF.py", None, id="no UTF-8"),
    pytest.param("", None, id="empty"),
]


@pytest.mark.parametrize(("uri", "path"), PATHS)
def test_a_path_is_relative_to_the_repository_or_refused(root: Path, uri: str, path: str | None) -> None:
    reading = read_sarif(document(result(uri)), source="s", root=root)
    assert [finding.path for finding in reading.findings] == ([path] if path else [])
    assert bool(reading.problems) == (path is None)


@pytest.mark.parametrize("scheme", ["", "file://", "file://localhost"])
def test_an_absolute_path_under_the_root_becomes_relative(root: Path, scheme: str) -> None:
    uri = scheme + str(root).replace(" ", "%20") + "/src/a%20b.py"
    assert read_sarif(document(result(uri)), source="s", root=root).findings[0].path == "src/a b.py"


def test_a_base_id_is_resolved_through_other_bases(root: Path) -> None:
    bases = {"SRC": {"uri": "src/", "uriBaseId": "ROOT"}, "ROOT": {"uri": f"file://{root}/".replace(" ", "%20")}}
    place = {"artifactLocation": {"uri": "a%20b.py", "uriBaseId": "SRC"}}
    text = document(result() | {"locations": [{"physicalLocation": place}]}, originalUriBaseIds=bases)
    finding = read_sarif(text, source="s", root=root).findings[0]
    assert (finding.path, finding.line) == ("src/a b.py", 1)


def test_bases_that_refer_to_one_another_end(root: Path) -> None:
    bases = {"A": {"uri": "src", "uriBaseId": "B"}, "B": {"uri": "src", "uriBaseId": "A"}}
    place = {"artifactLocation": {"uri": "a.py", "uriBaseId": "A"}}
    text = document(result() | {"locations": [{"physicalLocation": place}]}, originalUriBaseIds=bases)
    assert read_sarif(text, source="s", root=root).findings == []


def test_an_artifact_may_be_named_by_its_index(root: Path) -> None:
    place = {"artifactLocation": {"index": 1}}
    artifacts = [{"location": {"uri": "x"}}, {"location": {"uri": "src/a%20b.py"}}]
    text = document(result() | {"locations": [{"physicalLocation": place}]}, artifacts=artifacts)
    assert read_sarif(text, source="s", root=root).findings[0].path == "src/a b.py"


RULES = [{"id": "R0"}, {"id": "R1", "defaultConfiguration": {"level": "error"}}]
LEVELS = [
    pytest.param({}, {}, Severity.WARNING, id="nothing said: warning, as the standard has it"),
    pytest.param({}, {"rules": RULES}, Severity.ERROR, id="the rule's default"),
    pytest.param({"level": "note"}, {"rules": RULES}, Severity.NOTE, id="the result before the rule"),
    pytest.param({"level": "none"}, {}, Severity.NOTE, id="none"),
    pytest.param({"level": "absurd"}, {}, Severity.WARNING, id="an unknown level"),
    pytest.param({"kind": "informational", "level": "error"}, {}, Severity.NOTE, id="information only"),
]


@pytest.mark.parametrize(("more", "driver", "severity"), LEVELS)
def test_levels(root: Path, more: dict[str, Any], driver: dict[str, Any], severity: Severity) -> None:
    text = document(result(**more), tool={"driver": driver})
    assert read_sarif(text, source="s", root=root).findings[0].severity is severity


ODD_RESULTS = [
    pytest.param({"suppressions": [{"kind": "inSource"}]}, 0, 0, id="suppressed"),
    pytest.param({"suppressions": [{"kind": "external", "status": "rejected"}]}, 1, 0, id="suppression rejected"),
    pytest.param({"suppressions": []}, 1, 0, id="no suppression"),
    pytest.param({"kind": "pass"}, 0, 0, id="a passed check"),
    pytest.param({"baselineState": "absent"}, 0, 0, id="gone since the baseline"),
    pytest.param({"ruleId": None}, 0, 1, id="no rule"),
    pytest.param({"ruleId": "", "rule": {"id": "R9"}}, 1, 0, id="the rule by reference"),
    pytest.param({"locations": []}, 0, 1, id="no place"),
    pytest.param({"locations": [{"logicalLocations": []}]}, 0, 1, id="a logical place only"),
    pytest.param({"locations": "here"}, 0, 1, id="places of a wrong kind"),
    pytest.param({"message": None}, 1, 0, id="no message"),
    pytest.param({"message": {"text": "a\x1b[31mb\x00" + "x" * 5000}}, 1, 0, id="control characters and length"),
    pytest.param({"properties": {"fixable": True}}, 1, 0, id="a stranger says it is fixable"),
]


@pytest.mark.parametrize(("more", "findings", "problems"), ODD_RESULTS)
def test_odd_results(root: Path, more: dict[str, Any], findings: int, problems: int) -> None:
    reading = read_sarif(document(result(**more)), source="s", root=root)
    assert (len(reading.findings), len(reading.problems)) == (findings, problems)
    for finding in reading.findings:
        assert finding.message.isprintable()
        assert len(finding.message) <= 500
        assert not finding.fixable


def test_a_rule_by_index_and_a_message_by_id(root: Path) -> None:
    rules = [{"id": "R7", "messageStrings": {"m": {"text": "{0} is unused"}}, "properties": {"tags": ["security"]}}]
    odd = result(message={"id": "m", "arguments": ["os"]}, ruleIndex=0) | {"ruleId": None}
    finding = read_sarif(document(odd, tool={"driver": {"rules": rules}}), source="s", root=root).findings[0]
    assert (finding.rule, finding.message, finding.theme) == ("R7", "os is unused", "security")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Traceback (most recent call last):", id="text"),
        pytest.param("[]", id="a list"),
        pytest.param("3", id="a number"),
        pytest.param('{"version": "2.1.0"}', id="no runs"),
        pytest.param('{"version": "1.0.0", "runs": []}', id="an old version"),
        pytest.param("[" * 100_000, id="endless nesting"),
    ],
)
def test_what_is_no_sarif_says_what_was_found(root: Path, text: str) -> None:
    with pytest.raises(ToolError) as caught:
        read_sarif(text, source="mine", root=root)
    assert "mine" in caught.value.what
    assert caught.value.found
    assert caught.value.todo


def test_a_byte_order_mark_and_a_missing_version_are_borne(root: Path) -> None:
    assert read_sarif('\ufeff{"runs": [{}, null, {"results": null}]}', source="s", root=root).findings == []


def test_a_fingerprint_survives_a_change_of_line_numbers(root: Path) -> None:
    before = read_sarif(document(result()), source="s", root=root).findings[0]
    (root / "src/a b.py").write_text("import os\n\n\n  x  =  1\n".replace("  =  ", " = "))
    moved = result()
    moved["locations"][0]["physicalLocation"]["region"]["startLine"] = 4
    after = read_sarif(document(moved), source="s", root=root).findings[0]
    assert before.fingerprint == after.fingerprint
    assert before.line != after.line


def ruff_row(code: str | None, applicability: str | None, message: str = "m") -> dict[str, Any]:
    fix = {"applicability": applicability} if applicability else None
    return {"code": code, "filename": "-dash.py", "location": {"row": 1}, "message": message, "fix": fix}


@pytest.mark.parametrize(
    ("code", "applicability", "fixable"),
    [
        pytest.param("F401", "safe", True, id="a safe fix of a rule that may be fixed"),
        pytest.param("F632", "unsafe", False, id="an unsafe fix of a rule whose safe fixes are taken"),
        pytest.param("F841", "unsafe", True, id="an unsafe fix we proved"),
        pytest.param("F841", "displayonly", False, id="a fix only shown"),
        pytest.param("B006", "unsafe", False, id="a rule that needs thought"),
        pytest.param("B006", None, False, id="no fix"),
    ],
)
def test_ruffs_fixes_count_where_they_are_safe_or_proven(
    root: Path, code: str, applicability: str | None, fixable: bool
) -> None:
    text = sarif_from_ruff(json.dumps([ruff_row(code, applicability)]))
    assert read_sarif(text, source="ruff", root=root, trusted=True).findings[0].fixable is fixable


def test_an_import_ruff_would_not_remove_is_an_export(root: Path) -> None:
    text = sarif_from_ruff(json.dumps([ruff_row("F401", "unsafe"), ruff_row("F401", None)]))
    assert read_sarif(text, source="ruff", root=root, trusted=True).findings == []


def test_newer_syntax_is_told_from_broken_syntax(root: Path) -> None:
    newer = "Cannot use `match` statement on Python 3.8 (syntax was added in Python 3.10)"
    text = sarif_from_ruff(json.dumps([ruff_row(None, None, newer), ruff_row("invalid-syntax", None, "Expected `:`")]))
    rules = [finding.rule for finding in read_sarif(text, source="ruff", root=root, trusted=True).findings]
    assert rules == ["unsupported-syntax", "invalid-syntax"]


@pytest.mark.parametrize("text", ["{", "[1]", '[{"code": "F841"}]', '{"a": 1}'])
def test_what_is_not_ruffs_report_is_a_tool_error(text: str) -> None:
    with pytest.raises(ToolError):
        sarif_from_ruff(text)


def test_vultures_lines_become_findings(root: Path) -> None:
    text = (
        "./src/a b.py:1: unreachable code after 'return' (100% confidence)\n"
        "-dash.py:2: unused variable 'it's' (100% confidence, 1 line)\n"
        "-dash.py:2: unused import 'os' (90% confidence)\n"
        '-dash.py:2: invalid syntax at "x"\n'
        "noise\n"
    )
    findings = read_sarif(sarif_from_vulture(text), source="vulture", root=root, trusted=True).findings
    assert (findings[0].rule, findings[0].path, findings[0].line) == ("unreachable-code", "src/a b.py", 1)
    assert [f.path for f in findings] == ["src/a b.py", "-dash.py"]
    assert {f.theme for f in findings} == {"dead-code"}


@pytest.mark.parametrize(
    ("code", "fix", "reported"), [("UP006", "unsafe", 0), ("UP006", "safe", 1), ("UP036", None, 1)]
)
def test_an_older_spelling_without_a_safe_fix_is_nobodys_problem(
    root: Path, code: str, fix: str | None, reported: int
) -> None:
    text = sarif_from_ruff(json.dumps([ruff_row(code, fix)]))
    assert len(read_sarif(text, source="ruff", root=root, trusted=True).findings) == reported
