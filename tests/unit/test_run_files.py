"""The files of a record: written without secrets, read back line by line whatever is in them."""

import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from linestop.events import EventKind
from linestop.execution.runs import ticket_flow_runs
from linestop.paths import Layout
from linestop.records import RunRecord, inputs_in, result_in
from linestop.runs import diff_stat, read_run
from linestop.runs.feed import EventFeed
from linestop.runs.firings import read_firings
from linestop.runs.follow import follow

SECRET = "s3cr3t-value-of-a-key"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    (tmp_path / "shop").mkdir()
    return Layout(tmp_path / "shop")


@pytest.mark.parametrize("name", ["brief.md", "diff.patch", "verdict.json"])
def test_no_secret_of_the_environment_is_written(layout: Layout, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_API_KEY", SECRET)
    record = RunRecord(layout, "dispatch", brief=f"use {SECRET}", order={"brief": [SECRET]})
    record.write(name, json.dumps({"text": f"the key is {SECRET}."}))
    record.finish("done", summary=f"used {SECRET}", petition=SECRET)
    written = {path.name: path.read_text() for path in record.folder.iterdir()}
    assert set(written) == {name, "inputs.json", "events.jsonl", "result.json"}
    assert [file for file, text in written.items() if SECRET in text] == []
    assert json.loads(written["inputs.json"])["parameters"]["order"] == {"brief": ["[redacted]"]}


def test_a_token_in_json_leaves_json(layout: Layout) -> None:
    token = "ghp_" + "a1B2" * 9
    record = RunRecord(layout, "dispatch", brief=f'"{token}"\n"next"')
    record.finish("done", summary=f"https://me:{token}@host/x")
    assert token not in "".join(path.read_text() for path in record.folder.iterdir())
    assert read_run(layout, record.folder).parameter("brief").endswith('\n"next"')


def _link(path: Path) -> None:
    path.symlink_to(path.with_name("moved"))


@pytest.mark.parametrize(
    "put",
    [
        pytest.param(lambda path: path.write_text("[" * 100_000), id="nested-too-deep"),
        pytest.param(lambda path: path.write_bytes(b"\xff{"), id="no-text"),
        pytest.param(lambda path: path.write_text("[1]"), id="no-object"),
        pytest.param(os.mkfifo, id="a-pipe-that-nobody-writes-to"),
        pytest.param(_link, id="a-link"),
        pytest.param(Path.mkdir, id="a-folder"),
        pytest.param(lambda path: None, id="nothing"),
    ],
)
def test_a_record_that_linestop_never_wrote_is_passed_over(layout: Layout, put: Callable[[Path], object]) -> None:
    """A clone may bring any: nobody waits for it, and the links of the runs that are ours stay."""
    ours = RunRecord(layout, "ticket", flow_run="f1", ticket="shop")
    ours.finish("done")
    theirs = layout.runs / "29990101T000000-ticket-ffffff"
    shutil.copytree(ours.folder, theirs)
    for name in ("inputs.json", "result.json"):
        (theirs / name).rename(theirs / "moved")
        put(theirs / name)
    assert (inputs_in(theirs), result_in(theirs)) == (None, None)
    assert ticket_flow_runs(layout) == {"shop": "f1"}


def test_bytes_that_are_no_text_stay_what_they_are(layout: Layout) -> None:
    record = RunRecord(layout, "dispatch")
    latin = b"+caf\xe9 \xff\n"
    path = record.write("diff.patch", latin.decode("utf-8", "surrogateescape"))
    record.finish("done")
    assert path.read_bytes() == latin


FILE = "diff --git a/{0} b/{0}\n"
BODY = "--- a/{0}\n+++ b/{0}\n"


@pytest.mark.parametrize(
    ("patch", "files"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(
            FILE.format("a b.py") + BODY.format("a b.py") + "@@ -1,2 +1,3 @@\n same\n-x\n+y\n+z\n",
            [("a b.py", 2, 1, False)],
            id="blanks in a path",
        ),
        pytest.param(
            FILE.format("q.sql") + BODY.format("q.sql") + "@@ -1,2 +1 @@\n--- a comment\n-x\n+++ y\n",
            [("q.sql", 1, 2, False)],
            id="lines that look like headers",
        ),
        pytest.param(
            FILE.format("old") + "deleted file mode 100644\n--- a/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
            [("old", 0, 1, False)],
            id="deleted",
        ),
        pytest.param(
            FILE.format("logo") + "Binary files a/logo and b/logo differ\n" + FILE.format("e") + "new file mode 1\n",
            [("logo", 0, 0, True), ("e", 0, 0, False)],
            id="binary and empty",
        ),
        pytest.param(
            FILE.format("f") + BODY.format("f") + "@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n"
            "\\ No newline at end of file\n@@ -9 +9,0 @@\n-z\n",
            [("f", 1, 2, False)],
            id="no newline at the end",
        ),
        pytest.param("@@ -x +y @@\n+1\nno diff at all\n", [], id="no diff"),
    ],
)  # fmt: skip
def test_lines_are_counted_file_by_file(patch: str, files: list[tuple[str, int, int, bool]]) -> None:
    stat = diff_stat(patch.splitlines(keepends=True))
    assert [(one.path, one.added, one.removed, one.binary) for one in stat.files] == files
    assert (stat.count, stat.added, stat.removed) == (
        len(files), sum(one[1] for one in files), sum(one[2] for one in files)
    )  # fmt: skip


def line(text: str) -> bytes:
    return json.dumps({"v": 1, "kind": "message", "text": text}).encode() + b"\n"


def test_events_are_read_as_far_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    feed = EventFeed(path)
    assert list(feed.new()) == [], "there is no file yet"
    path.write_bytes(line("a") + line("b")[:9])
    assert [event.text for event in feed.new()] == ["a"]
    assert feed.torn
    path.write_bytes(line("a") + line("b") + b"nonsense\n[1]\n\xff\xfe\n" + line("c"))
    assert [event.text for event in feed.new()] == ["b", "c"]
    assert (feed.bad, feed.torn) == (3, False)


def test_what_is_written_right_before_the_end_is_not_lost(tmp_path: Path) -> None:
    """Whether it is over is asked before the last look, so that nothing can be written between the two unseen."""
    path = tmp_path / "events.jsonl"
    writes: Iterable[bytes] = iter([line("a"), line("b")])
    looks = iter([False, False, True])

    def over() -> bool:
        if data := next(iter(writes), b""):
            with path.open("ab") as file:
                file.write(data)
        return next(looks)

    waits: list[float] = []
    assert [event.text for event in follow(tmp_path, over=over, wait=waits.append)] == ["a", "b"]
    assert len(waits) == 2


def test_firings_are_read_whatever_stands_between_them(tmp_path: Path) -> None:
    path = tmp_path / "firings.jsonl"
    after = {"detector": "repeat", "fired_at": "2026-11-21T10:00:00Z", "changed": True, "calls": 3}
    path.write_text(
        '{"v":1,"rung":"block","detector":"repeat","detail":"3 times","new":{"deep":1}}\n'
        'nonsense\n[1]\n{"detector":5}\n'
        f'{{"v":1,"after":{json.dumps(after)}}}\n'
        '{"after":{"detector":1}}\n'
        '{"v":1,"rung":"stop","detector":"silence","det'
    )
    firings, nudges = read_firings(path)
    assert [(one.detector, one.rung) for one in firings] == [("repeat", "block")]
    assert [(one.detector, one.changed, one.calls) for one in nudges] == [("repeat", True, 3)]


def test_a_record_with_nothing_but_strange_files_is_still_read(layout: Layout) -> None:
    record = RunRecord(layout, "dispatch")
    record.events.append(EventKind.MESSAGE, text="hello")
    record.events.close()
    (record.folder / "inputs.json").write_text('{"kind": 5, "started": "never", "parameters": ["x"], "holder": {}}')
    (record.folder / "result.json").write_text('{"outcome": "do')
    (record.folder / "brief.md").mkdir()
    run = read_run(layout, record.folder)
    assert (run.outcome, run.event_count, run.parameters) == ("killed", 2, {})
    assert any("result.json can't be read" in problem for problem in run.problems)
