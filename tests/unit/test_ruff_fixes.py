"""Ruff's fixes in a chunk's files: exact to the byte, one by one, with what they leave behind cleared away."""

import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from linestop.audit.rules import RULES
from linestop.blocks.chunk_files import SourceFile, open_file, write_file
from linestop.blocks.ruff_fixes import FixKey, Mended, RuffFixes
from linestop.blocks.ruff_reports import RuffReports
from linestop.blocks.static_engine import PROVEN
from linestop.errors import InfraError, ToolError
from linestop.events import EventLog, Outcome, read_events
from linestop.fixes.edits import Edit, Fix, Lines, apply_edits, choose, origin
from linestop.fixes.ruff_json import read_report
from linestop.fixes.words import is_rule


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog(tmp_path / "events.jsonl") as events:
        yield events


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def fixes(
    root: Path,
    log: EventLog,
    *paths: str,
    rules: Collection[str],
    proven: Collection[str] = PROVEN,
    target: str = "py310",
) -> RuffFixes:
    opened = [open_file(root, path) for path in paths]
    files = [file for file in opened if isinstance(file, SourceFile)]
    ruff = RuffReports(root, {*rules, *filter(is_rule, RULES)}, target=target, seconds=60, events=log)
    return RuffFixes(root, files, rules=rules, proven=proven, report=ruff.report)


def mended(root: Path, log: EventLog, before: str | bytes, *rules: str, target: str = "py310") -> tuple[Mended, bytes]:
    path = root / "module.py"
    path.write_bytes(before.encode() if isinstance(before, str) else before)
    (outcome,) = fixes(root, log, "module.py", rules=rules, target=target).mend(None)
    assert path.read_bytes() == outcome.content
    return outcome, outcome.content


SNIPPETS = {
    "an import that nothing uses": ("F401", "import os\nimport sys\n\nsys.exit()\n", "import sys\n\nsys.exit()\n"),
    "several of one import at once": (
        "F401", "from typing import Any, Dict, List\n\nx: Any = 1\n", "from typing import Any\n\nx: Any = 1\n",
    ),
    "an import kept by a noqa": ("F401", "import os  # noqa: F401\n", None),
    "the last statement of a body": (
        "F401", "def f():\n    import os\n    import sys\n", "def f():\n    pass\n",
    ),
    "a re-export by __all__": ("F401", "from os import path\n\n__all__ = ['path']\n", None),
    "comparison with a literal": ("F632", "def f(x):\n    return x is 'a'\n", "def f(x):\n    return x == 'a'\n"),
    "not in": ("E713", "def f(x, y):\n    return not x in y\n", "def f(x, y):\n    return x not in y\n"),
    "an f-string without placeholders": ("F541", "x = f'a'\n", "x = 'a'\n"),
    "an invalid escape": ("W605", "x = '\\d'\n", "x = r'\\d'\n"),
    "an unused name keeps the call": ("F841", "def f(g):\n    x = g()\n", "def f(g):\n    g()\n"),
    "a generator in set()": ("C401", "y = [1]\nz = set(-x for x in y)\n", "y = [1]\nz = {-x for x in y}\n"),
    "keys() of a dictionary": ("SIM118", "d = {1: 2}\nx = 1 in d.keys()\n", "d = {1: 2}\nx = 1 in d\n"),
    "an old percent format": ("UP031", "x = '%s' % (1,)\n", None),
    "an old super": (
        "UP008",
        "class A(B):\n    def f(self):\n        return super(A, self).f()\n",
        "class A(B):\n    def f(self):\n        return super().f()\n",
    ),
    "format becomes an f-string": ("UP032", "é = 1\nx = 'é {}'.format(é)\n", "é = 1\nx = f'é {é}'\n"),
    "an unsafe fix that isn't proven": ("E711", "def f(x):\n    return x == None\n", None),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "before", "after"), SNIPPETS.values(), ids=list(SNIPPETS))
def test_a_rule_mends_what_it_stands_for_and_nothing_else(
    root: Path, log: EventLog, rule: str, before: str, after: str | None
) -> None:
    outcome, content = mended(root, log, before, rule)
    assert content.decode() == (before if after is None else after)
    assert bool(outcome.applied) == (after is not None)
    assert not outcome.problems


TEXTS = {
    "LF": "import os\nx = f'é𝒳'; y = f'a'\n",
    "CRLF": "import os\r\nx = f'é𝒳'; y = f'a'\r\n",
    "CR": "import os\rx = f'é𝒳'; y = f'a'\r",
    "mixed newlines": "import os\r\nx = f'é𝒳'\ny = f'a'\r\n",
    "a byte order mark": "\ufeffimport os\nx = f'é'\n",
    "form feeds and tabs": "import os\n\x0cif True:\n\tx = f'é'\n\x0c\ty = f'a'\n",
    "a line separator in a string": "import os\nz = '\u2028\x0b\x85'; x = f'é'\n",
    "no newline at the end": "import os\nx = f'é'",
    "combining characters": "import os\nz = 'e\u0301'; x = f'a'\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_positions_are_exact_and_newlines_marks_and_the_end_stay(root: Path, log: EventLog, text: str) -> None:
    expected = text.replace("f'", "'").replace("import os", "").replace("\ufeff\n", "\ufeff", 1)
    expected = expected[len(expected) - len(expected.lstrip("\r\n")) :]
    _, content = mended(root, log, text, "F401", "F541")
    assert content == expected.encode()


def test_a_fix_of_several_lines_takes_the_files_newlines(root: Path, log: EventLog) -> None:
    before = "def f():\r\n    try:\r\n        x = 1\r\n    except (ValueError,):\r\n        return set([\r\n  1])\r\n"
    _, content = mended(root, log, before, "F841", "B013", "C405")
    assert content.count(b"\n") == content.count(b"\r\n") > 0
    assert b"except ValueError" in content


def test_what_a_fix_leaves_without_use_goes_with_it(root: Path, log: EventLog) -> None:
    before = "from typing import List, Optional\n\n\ndef f(x: List[int]) -> Optional[int]:\n    return x[0]\n"
    outcome, content = mended(root, log, before, "UP006", "UP045")
    assert content == b"\n\ndef f(x: list[int]) -> int | None:\n    return x[0]\n"
    assert set(outcome.followed) == {"F401"}
    assert not outcome.problems


def test_what_stood_there_before_is_not_cleared_away(root: Path, log: EventLog) -> None:
    before = "import os\nfrom typing import List\n\n\ndef f(x: List[int]):\n    return x\n"
    _, content = mended(root, log, before, "UP006")
    assert content == b"import os\n\n\ndef f(x: list[int]):\n    return x\n"


PACKAGES = {
    "the only name": ("from typing import List\n", ""),
    "one of two": ("from typing import Any, List\n", "from typing import Any\n"),
    "in parentheses": ("from typing import (Any, List)\n", "from typing import (Any)\n"),
    "one a line": (
        "import os as os\nfrom typing import (\n    Any,\n    List,\n    Final,\n)\n",
        "import os as os\nfrom typing import (\n    Any,\n    Final,\n)\n",
    ),
    "CRLF": ("from typing import List\r\n", ""),
    "a comment beside it": ("from typing import List  # for readers\n", None),
}


@pytest.mark.parametrize(("before", "after"), PACKAGES.values(), ids=list(PACKAGES))
def test_typing_names_left_without_use_go_from_a_package_too(
    root: Path, log: EventLog, before: str, after: str | None
) -> None:
    used = f"\nx: {{}}[int] = [{', '.join(name for name in ('Any', 'Final') if name in before)}]\n"
    (root / "__init__.py").write_bytes((before + used.format("List")).encode())
    (outcome,) = fixes(root, log, "__init__.py", rules=["UP006"]).mend(None)
    if after is None:
        assert outcome.problems == ("leaves 1 new finding(s) of F401 in __init__.py",)
    else:
        assert outcome.content.decode() == after + used.format("list")
        assert not outcome.problems


def test_a_fix_that_brings_up_something_unfixable_is_a_problem(root: Path, log: EventLog) -> None:
    (root / "pkg").mkdir()
    (root / "pkg/__init__.py").write_text("from typing import List  # why\n\nx: List[int] = []\n")
    (outcome,) = fixes(root, log, "pkg/__init__.py", rules=["UP006"]).mend(None)
    assert outcome.problems == ("leaves 1 new finding(s) of F401 in pkg/__init__.py",)


@pytest.mark.parametrize(
    ("target", "expected"),
    [("py38", "Optional[int]"), ("py310", "int | None")],
)
def test_nothing_is_modernised_beyond_what_the_target_supports(
    root: Path, log: EventLog, target: str, expected: str
) -> None:
    before = "from typing import Optional\n\nx: Optional[int] = None\n"
    _, content = mended(root, log, before, "UP045", target=target)
    assert expected in content.decode()


def test_only_the_allowed_fixes_are_applied_and_keys_stay_the_same(root: Path, log: EventLog) -> None:
    before = "import os\nimport re\nx = f'a'\ny = f'b'\n"
    (root / "module.py").write_text(before)
    chosen = fixes(root, log, "module.py", rules=["F401", "F541"])
    (everything,) = chosen.mend(None)
    assert [str(key) for key in everything.applied] == [
        "F401 module.py:1", "F401 module.py:2", "F541 module.py:3", "F541 module.py:4",
    ]  # fmt: skip
    only = everything.applied[1::2]
    (some,) = chosen.mend(frozenset(only))
    assert some.applied == only
    assert (root / "module.py").read_text() == "import os\nx = f'a'\ny = 'b'\n"


def test_no_fix_allowed_and_restoring_both_give_the_original_bytes(root: Path, log: EventLog) -> None:
    path = root / "module.py"
    path.write_bytes(b"\xef\xbb\xbfimport os\r\n\tx = 1\n"[:12] + b"\r\n")
    before = path.read_bytes()
    chosen = fixes(root, log, "module.py", rules=["F401"])
    chosen.mend(None)
    assert path.read_bytes() != before
    chosen.mend(frozenset())
    assert path.read_bytes() == before
    chosen.mend(None)
    chosen.restore()
    assert path.read_bytes() == before


def test_the_same_set_is_computed_once(root: Path, log: EventLog, tmp_path: Path) -> None:
    (root / "module.py").write_text("import os\nimport re\n")
    chosen = fixes(root, log, "module.py", rules=["F401"])
    (everything,) = chosen.mend(None)
    runs = len(list(read_events(tmp_path / "events.jsonl")))
    assert chosen.mend(frozenset(everything.applied)) == (everything,)
    assert chosen.mend(None) == (everything,)
    assert len(list(read_events(tmp_path / "events.jsonl"))) == runs


def test_a_file_that_does_not_parse_is_left_alone(root: Path, log: EventLog) -> None:
    outcome, content = mended(root, log, "import os\nx = (\n", "F401", "F541")
    assert content == b"import os\nx = (\n"
    assert not outcome.applied


# --- fixes whose result is no Python: a scripted ruff, since the real one has none at hand


def scripted(root: Path, text: str, *offers: tuple[str, tuple[int, int, str]]) -> RuffFixes:
    """Offer to replace columns of line 1 as long as the text there is `old`; `!` in a text is a syntax error."""
    (root / "m.py").write_text(text)
    file = open_file(root, "m.py")
    assert isinstance(file, SourceFile)

    def report(paths: object) -> dict[str, list[object]]:
        now = (root / "m.py").read_text()
        items: list[dict[str, object]] = []
        if "!" in now:
            items.append(
                {"code": None, "filename": "m.py", "message": "", "fix": None, "location": {"row": 1, "column": 1}}
            )
        for old, (start, end, new) in offers:
            if now[start:end] == old:
                at, to = {"row": 1, "column": start + 1}, {"row": 1, "column": end + 1}
                edit = {"content": new, "location": at, "end_location": to}
                fix = {"applicability": "safe", "edits": [edit]}
                items.append({"code": "F401", "filename": "m.py", "message": "", "fix": fix, "location": at})
        return {"m.py": list(read_report(json.dumps(items)))}

    return RuffFixes(root, [file], rules=["F401"], proven=(), report=report)  # type: ignore[arg-type]


def test_a_fix_that_leaves_no_python_is_refused_and_the_others_are_kept(root: Path) -> None:
    offers = [
        (letter, (place, place + 1, "!" if letter == "d" else letter.upper()))
        for place, letter in enumerate("a.b.c.d.e")
        if letter != "."
    ]
    (outcome,) = scripted(root, "a.b.c.d.e", *offers).mend(None)
    assert (root / "m.py").read_text() == "A.B.C.d.E"
    assert [key.place for key in outcome.refused] == [6]


def test_fixes_that_undo_each_other_are_a_problem_not_an_endless_loop(root: Path) -> None:
    (outcome,) = scripted(root, "a", ("a", (0, 1, "b")), ("b", (0, 1, "a"))).mend(None)
    assert "never settle" in outcome.problems[0]


# --- files


def refusal(root: Path, path: str) -> str:
    opened = open_file(root, path)
    return opened if isinstance(opened, str) else ""


def test_files_out_of_reach_are_refused_with_the_reason(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("import os\n")
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    (root / "folder").symlink_to(tmp_path)
    (root / "latin.py").write_bytes(b"# coding: latin-1\nx = '\xe9'\n")
    (root / "cookie.py").write_text("# coding: latin-1\nx = 'é'\n")
    (root / "nonsense.py").write_text("# coding: nonsense\n")
    (root / "notes.txt").write_text("")
    (root / "giant.py").write_bytes(b"#" * 1_000_001)
    os.mkfifo(root / "pipe.py")
    reasons = {
        "../outside.py": "not a path inside", "/etc/x.py": "not a path inside", "a/../../x.py": "not a path inside",
        ".git/hooks/x.py": "not a path inside", "a\0b.py": "not a path inside", "link.py": "a link",
        "folder/outside.py": "a link", "latin.py": "not UTF-8",
        "cookie.py": "iso-8859-1", "nonsense.py": "not UTF-8", "notes.txt": "no Python",
        "gone.py": "not there", "giant.py": "larger", "pipe.py": "no plain", "odd\udcff.py": "its name",
    }  # fmt: skip
    for path, reason in reasons.items():
        assert reason in refusal(root, path), path
        assert refusal(root, path), path


def test_a_file_whose_cookie_and_bytes_agree_is_worked_on(root: Path, log: EventLog) -> None:
    _, content = mended(root, log, b"# coding: latin-1\nimport os\n", "F401")
    assert content == b"# coding: latin-1\n"


@pytest.mark.parametrize(
    "name", ["-x.py", "a b.py", "new\nline.py", "[a]*?.py", "ünïcödé.py", "@args.py", "--fix.py", "$(x).py"]
)
def test_odd_names_are_names(root: Path, log: EventLog, name: str) -> None:
    (root / name).write_text("import os\nx = 1\n")
    (outcome,) = fixes(root, log, name, rules=["F401"]).mend(None)
    assert (root / name).read_text() == "x = 1\n"
    assert [key.path for key in outcome.applied] == [name]


def test_mode_stays_and_a_hard_link_elsewhere_is_left_alone(root: Path, tmp_path: Path, log: EventLog) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("import os\n")
    (root / "module.py").hardlink_to(outside)
    (root / "module.py").chmod(0o751)
    fixes(root, log, "module.py", rules=["F401"]).mend(None)
    assert (root / "module.py").read_text() == ""
    assert (root / "module.py").stat().st_mode & 0o777 == 0o751
    assert outside.read_text() == "import os\n"
    assert [path.name for path in root.iterdir()] == ["module.py"]


def test_a_file_that_became_a_link_is_not_written_through(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("x\n")
    (root / "m.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(InfraError, match="can't write"):
        write_file(root, "m.py", b"y\n")
    assert (tmp_path / "outside.py").read_text() == "x\n"


def test_the_targets_configuration_and_modules_count_for_nothing(root: Path, log: EventLog) -> None:
    (root / "ruff.toml").write_text("lint.ignore = ['F401']\n")
    (root / "ruff.py").write_text("raise SystemExit('imported')\n")
    (root / "sitecustomize.py").write_text("raise SystemExit('imported')\n")
    _, content = mended(root, log, "import os\n", "F401")
    assert content == b""


def test_a_rule_that_ruff_does_not_know_is_a_clear_error_and_an_event(
    root: Path, log: EventLog, tmp_path: Path
) -> None:
    (root / "module.py").write_text("x = 1\n")
    with pytest.raises(ToolError, match="ruff") as caught:
        fixes(root, log, "module.py", rules=["XYZ999"])
    assert "XYZ999" in caught.value.found
    assert list(read_events(tmp_path / "events.jsonl"))[-1].outcome is Outcome.ERROR


# --- pure parts


@pytest.mark.parametrize("text", ["[", "{}", "[{}]", "nonsense", '[{"code": "F401"}]', "[" * 100_000])
def test_a_report_that_is_none_is_a_clear_error(text: str) -> None:
    if text == "{}":
        assert read_report(text) == ()
        return
    with pytest.raises(ToolError, match="can't be read"):
        read_report(text)


def test_offsets_count_characters_and_only_ruffs_line_ends() -> None:
    lines = Lines("ab\r\nc\rd\x0c\x0b\u2028e\n\n")
    assert [lines.offset(row, 1) for row in (1, 2, 3, 4, 5, 6, 99)] == [0, 4, 6, 12, 13, 13, 13]
    assert lines.row(0) == 1
    assert lines.row(11) == 3


def test_fixes_that_touch_wait_and_shared_edits_come_along() -> None:
    first, touching = Fix("A1", 0, (Edit(0, 2, "x"),)), Fix("B1", 2, (Edit(2, 3, "y"),))
    shared, apart = Fix("A1", 1, (Edit(0, 2, "x"),)), Fix("C1", 4, (Edit(4, 4, "z"),))
    chosen, edits = choose([apart, touching, shared, first])
    assert set(chosen) == {first, shared, apart}
    assert apply_edits("abcdef", edits) == "xcdzef"


def test_a_limit_bounds_the_fixes_that_bring_edits() -> None:
    offered = [Fix("A1", place, (Edit(place, place + 1, ""),)) for place in (0, 2, 4)]
    assert len(choose(offered, limit=2)[0]) == 2


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(0, 0), (1, 1), (2, 2), (3, 2), (4, 4), (5, 5), (6, 9)],
    ids=["before", "before the edit", "at the replacement", "inside it", "after it", "at a deletion's start", "after"],
)
def test_offsets_lead_back_through_edits(offset: int, expected: int) -> None:
    text, edits = "abcdefghijk", (Edit(2, 4, "XY"), Edit(6, 9, ""))
    assert apply_edits(text, edits) == "abXYefjk"
    assert origin(offset, [edits]) == expected


def test_offsets_lead_back_through_rounds() -> None:
    assert origin(0, [(Edit(0, 3, ""),), (Edit(0, 2, ""),)]) == 5


def test_a_key_reads_as_rule_and_place() -> None:
    assert str(FixKey("F401", "src/a.py", 3, 40)) == "F401 src/a.py:3"
