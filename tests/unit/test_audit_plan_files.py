"""Plan files: what is written is read again, a person's edits count, and what is wrong is named with its line."""

import pytest

from linestop.audit.plan_files import parse_plan, render_plan
from linestop.errors import PlanError
from linestop.findings import Finding
from linestop.plans import ChecksPass, Chunk, CommandPasses, FindingsGone, Plan

ODD_TEXTS = [
    "a b.py", "a\nb.py", "-x.py", "ü/é.py", "'\"`.py", "a: b#.py", "yes", "1e5", "1.5", " lead", "tail ", "a\tb",
    "\u2028x", "\x85x", "\x07bell", "💥.py", "null", "|", "- a", "@x", "%x", "a\n\n  b\n", "\n x", "x\r\ny",
    "2026-11-21", "0123", "=", "1234567890123456", "~", "---", "---\nid: b", "x" * 300, "[x].py", "{a}",
    "<!-- notes: text below this line is kept -->",
]  # fmt: skip


def plan(**changes: object) -> Plan:
    chunk = Chunk(
        id="bugs", title="Bugs", source="ruff", rules=("F632",), paths=("a.py",), findings=2, text="why\n\n- x"
    )
    base = Plan(
        id="2026-11-21-a", title="Bugs in a", purpose="Mend them.", scope=("a.py",), chunks=(chunk,),
        risks=("none: known",), base="0" * 40,
        goal=(FindingsGone(source="ruff", rules=("F632",), paths=("a.py",)), ChecksPass()),
        fingerprints=("1234567890123456", "123e456789012345"),
    )  # fmt: skip
    return base.model_copy(update=changes)


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    chunk = plan().chunks[0].model_copy(update={"paths": (text,), "text": text})
    odd = plan(
        title=text[:120], purpose=text, scope=(text,), chunks=(chunk,), risks=(text,), gated=text, base=text,
        notes=text,
        goal=(FindingsGone(source=text, rules=(text,), paths=(text,)), CommandPasses(argv=(text, text))),
    )  # fmt: skip
    assert parse_plan(render_plan(odd)) == odd


def test_all_odd_texts_together_come_back() -> None:
    odd = plan(
        scope=tuple(ODD_TEXTS), risks=tuple(ODD_TEXTS), notes="\n".join(ODD_TEXTS), depends_on=("b",), infra=True
    )
    assert parse_plan(render_plan(odd)) == odd


def test_the_body_lists_the_findings_with_path_and_line() -> None:
    finding = Finding(source="ruff", rule="F632", path="a.py", line=7, message="use <b>`==`</b>")
    text = render_plan(plan(gated="a person must look"), [finding])
    assert "- `a.py:7` F632 use &lt;b>`==`" in text
    assert "**Waits for a person:** a person must look." in text
    for heading in ("## Chunks", "## Risks", "## Checks", "## Goal", "## Notes"):
        assert heading in text


def test_a_persons_edits_and_notes_count() -> None:
    text = (
        render_plan(plan()).replace("title: Bugs in a\n", "title: Only the first\n").replace("- none: known", "- other")
    )
    read = parse_plan(text + "Ask Ana first.\n\n- really\n")
    assert read.title == "Only the first"
    assert read.notes == "Ask Ana first.\n\n- really\n"


def test_a_body_that_a_person_rewrote_is_notes() -> None:
    front = render_plan(plan()).split("\n---\n")[0]
    assert parse_plan(front + "\n---\n\nMy own words.\n").notes == "My own words."


def test_a_file_edited_on_windows_is_the_same_plan() -> None:
    text = render_plan(plan(notes="a\nb\n"))
    assert parse_plan("\ufeff" + text.replace("\n", "\r\n")) == plan(notes="a\nb\n")


def edited(old: str, new: str) -> str:
    text = render_plan(plan())
    assert old in text
    return text.replace(old, new, 1)


BAD = [
    pytest.param("no front matter\n", "begins with", id="no front matter"),
    pytest.param("---\nid: a\n", "begins with", id="front matter that never ends"),
    pytest.param("---\n- a\n---\n", "a list", id="no mapping"),
    pytest.param("---\n---\n", "NoneType", id="empty"),
    pytest.param("---\n1: a\n---\n", "a dict", id="a key that is no text"),
    pytest.param("---\nid: [a\n---\n", "line 3", id="bad YAML"),
    pytest.param("---\nid: a\nx: 2026-99-99\n---\n", "month", id="no date"),
    pytest.param("---\nx: " + "[" * 20_000 + "\n---\n", "", id="endless nesting"),
    pytest.param("---\na: &x [1]\nb: *x\n---\n", "line 3", id="an alias"),
    pytest.param("---\nid: !!python/object/apply:os.system [true]\n---\n", "line 2", id="a python tag"),
    pytest.param(edited("title: Bugs in a", "titel: Bugs in a"), "line 3", id="a misspelt key"),
    pytest.param(edited("title: Bugs in a", "title: 7"), "line 3", id="a number for a title"),
    pytest.param(edited("  source: ruff", "  sauce: ruff"), "line 10", id="a misspelt key of a chunk"),
    pytest.param(edited("- kind: checks", "- kind: cheques"), "line", id="an unknown goal"),
    pytest.param(edited("id: 2026-11-21-a", "id: A plan"), "line 2", id="an id that is none"),
    pytest.param(edited("id: 2026-11-21-a", "notes: x"), "line 2", id="notes in the front matter"),
    pytest.param("---\n" + "x" * 1_000_001, "characters", id="too large"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), BAD)
def test_a_bad_file_says_where_and_what_to_do(text: str, found: str) -> None:
    with pytest.raises(PlanError) as caught:
        parse_plan(text)
    assert found in caught.value.found
    assert caught.value.todo


BY_HAND = """---
id: mend-sum
title: add() subtracts
purpose: "2 + 3 is -1: add() takes the wrong operator."
scope: [calc.py]
chunks:
  - id: sum
    title: Mend add()
    paths: [calc.py]
    text: "`add(2, 3)` must be 5."
risks: [callers that rely on the wrong sum]
goal:
  - kind: command
    argv: [python3, check_sum.py]
  - kind: checks
---
"""


def test_a_plan_that_a_person_writes_names_no_rules() -> None:
    written = parse_plan(BY_HAND)
    assert (written.chunks[0].source, written.chunks[0].rules) == ("person", ())
    assert parse_plan(render_plan(written)) == written


def test_a_plan_for_a_scanner_s_findings_names_their_rules() -> None:
    with pytest.raises(PlanError, match=r"chunks\.0.*\n.*rules: a source's findings are named by their rules"):
        parse_plan(BY_HAND.replace("    paths:", "    source: ruff\n    paths:"))
