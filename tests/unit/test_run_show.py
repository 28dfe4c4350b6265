"""`linestop run show` as a user meets it: found by a part of an id, readable at any width, harmless, followed live."""

import json
import threading
from pathlib import Path

import pytest
from rich.cells import cell_len

from linestop.deployments.cli.app import build
from linestop.deployments.cli.run_show import show
from linestop.errors import UsageError
from linestop.events import Action, Event, EventKind, Outcome, Usage
from linestop.paths import Layout
from linestop.records import RunRecord
from linestop.watch import Detector, Firing, Ladder, LiveLog, Rung, Watch
from linestop.watch.trail import Trail

HOSTILE = "\x1b]0;owned\x07\x1b[31mred\u202e[bold]evil[/bold]\r\nsecond\x9b2J"


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    return Layout(tmp_path / "shop")


def maker(layout: Layout, **words: object) -> RunRecord:
    """Return the record of a maker that ran its tests, was told something, and mended a file."""
    record = RunRecord(
        layout, "dispatch", role="maker", ticket="shop-bugs", chunk="c1", attempt=2, engine="codex", model="m-1",
        order={"ticket": "shop-bugs"}, **words,
    )  # fmt: skip
    record.write("brief.md", "# Task\n\nMend the shop.\n")
    events = record.events
    events.append(EventKind.MESSAGE, text="I run the tests.", session="s-9")
    for number in range(2):
        events.append(EventKind.TOOL_CALL, tool="shell", args={"command": "pytest -q"})
        output = "\n".join(f"line {place} of {number}" for place in range(40))
        events.append(EventKind.TOOL_RESULT, tool="shell", outcome=Outcome.ERROR, text=output, seconds=1.5)
        events.append(EventKind.USAGE, usage=Usage(input=1000, output=80, cache_read=600, usd=0.01))
    events.append(EventKind.TOOL_CALL, tool="edit", action=Action.EDIT, path="shop.py", args={"path": "shop.py"})
    events.append(EventKind.TOOL_RESULT, tool="edit", action=Action.EDIT, outcome=Outcome.OK)
    record.write("diff.patch", PATCH)
    return record


PATCH = "diff --git a/shop.py b/shop.py\n--- a/shop.py\n+++ b/shop.py\n@@ -1 +1,2 @@\n-old\n+new\n+more\n"


def shown(capsys: pytest.CaptureFixture[str], layout: Layout, *words: str, **options: object) -> str:
    assert show(*words, repo=layout.root, **options) == 0  # type: ignore[arg-type]
    return capsys.readouterr().out


def test_the_page_tells_what_it_was_told_did_used_and_changed(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    maker(layout).finish("candidate", summary="The shop is mended.")
    page = shown(capsys, layout)
    for words in (
        "maker c1 #2  candidate", "The shop is mended.", "codex  model m-1  session s-9", "| Mend the shop.",
        "says     I run the tests.", "$ pytest -q", "error after 1.5 s", "edits    shop.py",
        "3: 2 error, 1 ok", "2,000 tokens in (1,200 cached), 160 out, $0.0200 in 2 model calls",
        "diff: 1 file, +2 -1", "linestop lab rerun ",
    ):  # fmt: skip
        assert words in page


def test_what_an_agent_said_beside_its_summary_is_told(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    found = [{"title": "The baker is broken"}, {"text": "no title"}, 7]
    maker(layout).finish(
        "nothing", petition="the test is wrong", could_not=["F401 a.py:1"], reasons=["a", "b"], discovered=found
    )
    page = shown(capsys, layout)
    said = (
        "petitions  the test is wrong",
        "could not  F401 a.py:1",
        "because    a",
        "because    b",
        "came upon  The baker",
    )
    assert [words for words in said if words not in page] == []


def test_the_blanks_of_code_are_kept(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    record = RunRecord(layout, "dispatch")
    record.events.append(EventKind.TOOL_RESULT, tool="read", outcome=Outcome.OK, text="5\tif x:\n6\t    return  1")
    record.finish("nothing")
    assert "| 6       return  1" in shown(capsys, layout)


def test_a_long_output_is_folded_unless_everything_is_asked_for(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    maker(layout).finish("candidate")
    page = shown(capsys, layout)
    assert "| … 29 lines" in page
    assert ("line 39 of 0" in page, "line 20 of 0" in page) == (True, False)
    assert "line 20 of 0" in shown(capsys, layout, events=True)


def test_the_same_output_again_is_said_to_be_the_same(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    record = RunRecord(layout, "dispatch")
    for _ in range(2):
        record.events.append(EventKind.TOOL_CALL, tool="shell", args={"command": "make"})
        record.events.append(EventKind.TOOL_RESULT, tool="shell", outcome=Outcome.ERROR, text="boom")
    record.finish("failed")
    page = shown(capsys, layout)
    assert page.count("| boom") == 1
    assert page.count("— the same output as before") == 1


def test_with_events_a_call_shows_all_that_it_was_given(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    record = RunRecord(layout, "dispatch")
    edit = {"path": "shop.py", "old": "if x:\n    y()\n", "new": "", "flags": {"all": True}}
    record.events.append(EventKind.TOOL_CALL, tool="edit", action=Action.EDIT, path="shop.py", args=edit)
    record.finish("nothing")
    assert "old: if x:" not in shown(capsys, layout)
    lines = [line.strip() for line in shown(capsys, layout, events=True).splitlines()]
    at = lines.index("| path: shop.py")
    assert lines[at + 1 : at + 5] == ["| old: if x:", "|       y()", "| new:", '| flags: {"all": true}']


def test_the_middle_of_a_long_transcript_is_left_out_and_counted(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    record = RunRecord(layout, "dispatch")
    for number in range(200):
        record.events.append(EventKind.MESSAGE, text=f"thought {number}.")
    record.finish("failed")
    page = shown(capsys, layout)
    assert "… 122 entries left out" in page
    assert ("thought 0." in page, "thought 100." in page, "thought 199." in page) == (True, False, True)
    assert "thought 100." in shown(capsys, layout, events=True)


class Once(Detector):
    """A detector that fires at the first call, so that something is to be shown."""

    name = "repeat"
    kinds = frozenset({EventKind.TOOL_CALL})

    def __init__(self) -> None:
        self._fired = False

    def see(self, event: Event, trail: Trail) -> Firing | None:
        fired, self._fired = self._fired, True
        return None if fired else Firing(detector=self.name, detail="`make` 3 times", message="Do something else.")


def watched(path: Path) -> LiveLog:
    return LiveLog(path, watch=Watch([Once()]), ladder=Ladder({"repeat": Rung.NUDGE}))


def test_firings_show_their_rung_and_nudges_whether_behaviour_changed(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    record = RunRecord(layout, "dispatch", open_log=watched)
    record.events.append(EventKind.TOOL_CALL, tool="shell", args={"command": "make"})
    assert record.events.take_nudge()
    record.events.append(EventKind.TOOL_CALL, tool="shell", args={"command": "cat Makefile"})
    record.finish("nothing", watch=record.events.report())
    page = shown(capsys, layout)
    assert "repeat [warning, nudge] `make` 3 times" in page
    assert "is told  Do something else." in page
    assert "repeat: behaviour changed: 1 call later it had not come back" in page


@pytest.mark.parametrize("kind", ["audit", "execution", "ticket", "documentation"])
def test_a_record_of_any_kind_has_a_page(layout: Layout, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    record = RunRecord(layout, kind, batch="b-7")  # type: ignore[arg-type]
    with record.step("scan", source="ruff"):
        pass
    record.finish("done", summary="all is well")
    page = shown(capsys, layout)
    assert f"{kind}  done" in page
    assert "| batch: b-7" in page
    assert "scan source=ruff" in page


def test_relatives_are_named_in_both_directions(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    parent = RunRecord(layout, "ticket", ticket="shop-bugs")
    child = maker(layout, parent=parent.id)
    child.finish("candidate")
    again = maker(layout, rerun_of=child.id)
    again.finish("nothing")
    parent.finish("done")
    assert f"started\n  {child.id}  maker c1 #2  candidate" in shown(capsys, layout, parent.id)
    page = shown(capsys, layout, child.id)
    assert f"started by {parent.id}  ticket shop-bugs" in page
    assert f"rerun as\n  {again.id}  maker c1 #2  nothing" in page


@pytest.mark.parametrize("width", [24, 40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal(
    layout: Layout, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = maker(layout)
    record.events.append(EventKind.MESSAGE, text="漢字" * 60 + " and " + "x" * 300)
    record.finish("candidate", summary="a summary that is longer than the terminal is wide " * 3)
    monkeypatch.setenv("COLUMNS", str(width))
    lines = shown(capsys, layout).splitlines()
    assert [line for line in lines if cell_len(line) > width] == []
    assert "x" * 10 in "".join(lines)


def test_hostile_text_reaches_no_terminal(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    record = RunRecord(
        layout,
        "dispatch",
        role=HOSTILE,
        ticket=HOSTILE,
        chunk=HOSTILE,
        attempt=HOSTILE,
        engine=HOSTILE,
        rerun_of=HOSTILE,
    )
    record.write("brief.md", HOSTILE)
    record.write("diff.patch", PATCH.replace("shop.py", f"shop{HOSTILE}.py") + f"+{HOSTILE}\n")
    line = {"detector": HOSTILE, "detail": HOSTILE, "file": HOSTILE, "rung": HOSTILE}
    record.write("firings.jsonl", json.dumps(line) + "\n")
    for kind in EventKind:
        record.events.append(kind, text=HOSTILE, tool=HOSTILE, step=HOSTILE, path=HOSTILE, session=HOSTILE,
                             model=HOSTILE, args={HOSTILE: HOSTILE}, call=HOSTILE)  # fmt: skip
    record.finish(HOSTILE, summary=HOSTILE)
    out = shown(capsys, layout, diff=True) + shown(capsys, layout, events=True)
    assert "red[bold]evil[/bold]" in out
    assert [char for char in out if not char.isprintable() and char != "\n"] == []


def test_json_holds_the_run_and_what_is_asked_for(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    record = maker(layout)
    record.finish("candidate")
    run = json.loads(shown(capsys, layout, json_=True))
    assert (run["run_id"], run["outcome"], run["usage"]["usd"], run["calls"]) == (record.id, "candidate", 0.02, 3)
    assert not {"events", "patch"} & set(run)
    run = json.loads(shown(capsys, layout, json_=True, events=True, diff=True))
    assert run["patch"] == PATCH
    assert [event["kind"] for event in run["events"]][:2] == ["start", "message"]


@pytest.mark.parametrize(
    ("word", "says"),
    [
        pytest.param("../../etc/passwd", "is no run", id="a path"),
        pytest.param("..", "is no run", id="dots"),
        pytest.param("/etc", "is no run", id="absolute"),
        pytest.param("a\x1b[31m", "is no run", id="an escape"),
        pytest.param("", "is no run", id="nothing"),
        pytest.param("ffffff", "there is no run", id="unknown"),
    ],
)
def test_what_names_no_run_is_refused(layout: Layout, word: str, says: str) -> None:
    maker(layout).finish("candidate")
    with pytest.raises(UsageError, match=says):
        show(word, repo=layout.root)


def test_a_part_of_an_id_must_mean_one_run(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = maker(layout), maker(layout)
    for record in (first, second):
        record.finish("candidate")
    assert first.id in shown(capsys, layout, first.id[-6:])
    assert second.id in shown(capsys, layout, "latest")
    with pytest.raises(UsageError, match="means 2 runs") as caught:
        show(first.id[:4], repo=layout.root)
    assert first.id in caught.value.found


def test_the_newest_of_a_kind_is_found(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    record = maker(layout)
    record.finish("candidate")
    RunRecord(layout, "documentation").finish("done")
    assert record.id in shown(capsys, layout, kind="dispatch")
    with pytest.raises(UsageError, match="there are no runs of kind audit yet"):
        show(kind="audit", repo=layout.root)


def test_a_link_among_the_records_is_none(layout: Layout, tmp_path: Path) -> None:
    record = maker(layout)
    record.finish("candidate")
    elsewhere = tmp_path / "elsewhere"
    record.folder.rename(elsewhere)
    record.folder.symlink_to(elsewhere)
    with pytest.raises(UsageError, match="there are no runs"):
        show(record.id, repo=layout.root)


def test_links_inside_of_a_record_are_not_followed(
    layout: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{"v":1,"kind":"message","text":"the owner\'s secret"}\n')
    record = maker(layout)
    record.finish("candidate")
    for name in ("brief.md", "events.jsonl", "firings.jsonl", "diff.patch", "result.json"):
        (record.folder / name).unlink(missing_ok=True)
        (record.folder / name).symlink_to(secret)
    out = shown(capsys, layout, diff=True, events=True) + shown(capsys, layout, json_=True, diff=True, events=True)
    assert "the owner's secret" not in out


def test_a_run_is_followed_to_its_end(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    record = maker(layout)
    code: list[int] = []
    follower = threading.Thread(target=lambda: code.append(show(record.id, follow_=True, repo=layout.root)))
    follower.start()
    record.events.append(EventKind.MESSAGE, text="while it is watched")
    record.finish("candidate", summary="and done")
    follower.join(20)
    out = capsys.readouterr().out
    assert code == [0]
    assert out.index("while it is watched") < out.index("it ended: candidate")


def test_what_no_strict_reader_takes_is_never_printed_as_json(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    record = maker(layout)
    record.finish("done")
    with (record.folder / "events.jsonl").open("a") as file:
        file.write('{"kind": "message", "text": "half \\ud800", "\\udfff": ["\\ud83d\\ude00", 1e999]}\n')
    result = json.loads((record.folder / "result.json").read_text())
    result["values"] = {"half": "\ud800", "much": float("inf"), "none": float("nan")}
    (record.folder / "result.json").write_text(json.dumps(result))
    out = shown(capsys, layout, json_=True, events=True)
    found = json.loads(out, parse_constant=pytest.fail)
    assert found["values"] == {"half": "?", "much": None, "none": None}
    assert found["events"][-1]["text"] == "half ?"
    assert found["events"][-1]["?"] == ["\N{GRINNING FACE}", None]


def test_a_followed_run_as_json_ends_with_the_run(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    maker(layout).finish("candidate")
    lines = shown(capsys, layout, follow_=True, json_=True).splitlines()
    assert json.loads(lines[0])["kind"] == "start"
    assert json.loads(lines[-1])["run"]["outcome"] == "candidate"


def test_a_repository_called_show_is_still_reachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = build("run")["run"]
    _, bound, _ = app.parse_args(["./show"])
    assert bound.arguments["repository"] == Path("./show")
    command, bound, _ = app.parse_args(["show", "a1b2c3"])
    assert (command, bound.arguments["run"]) == (show, "a1b2c3")
    _, bound, _ = app.parse_args([])
    assert not bound.arguments
