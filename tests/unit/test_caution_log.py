"""What `append` returned is on the disk, whatever was there before, whoever writes beside it, whatever the clock is."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linestop.errors import LinestopError, RecordError
from linestop.events.redaction import hide_from_now_on
from linestop.memory.cautions import Caution, CautionKind, CautionLog, read_cautions
from linestop.paths import Layout

RUN = "20261121T064800-dispatch-ab12cd"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = tmp_path / "shop"
    root.mkdir()
    return Layout(root)


def seen(detail: str = "the same call 3 times", **fields: object) -> Caution:
    return Caution.model_validate({"kind": "firing", "detector": "repeat", "detail": detail, **fields})


def details(layout: Layout) -> list[str]:
    return [one.detail for one in read_cautions(layout)]


def test_what_was_appended_is_in_the_file_of_its_run_and_day_and_comes_back_as_it_was_returned(layout: Layout) -> None:
    log = CautionLog(layout, RUN, clock=lambda: NOON)
    first = log.append(seen(file="src/cart.py", file_hash="a" * 64, calls=3, seconds=1.5, tokens=70, ticket="bugs"))
    second = log.append(seen("again"))
    assert log.path == layout.cautions / "2026-11-21" / f"{RUN}.jsonl"
    assert [json.loads(line)["id"] for line in log.path.read_text().splitlines()] == [first.id, second.id]
    assert list(read_cautions(layout)) == [first, second]
    assert first.run == RUN
    assert first.id.startswith(f"{RUN}:")
    assert (first.calls, first.seconds, first.tokens, first.file_hash) == (3, 1.5, 70, "a" * 64)


def test_a_log_that_is_never_used_leaves_nothing(layout: Layout) -> None:
    CautionLog(layout, RUN).close()
    assert list(read_cautions(layout)) == []
    assert not layout.state.exists()


def test_nobody_else_may_read_it(layout: Layout) -> None:
    log = CautionLog(layout, RUN)
    log.append(seen())
    assert log.path
    assert [oct(path.stat().st_mode)[-3:] for path in (log.path, log.path.parent, layout.cautions)] == [
        "600", "700", "700",
    ]  # fmt: skip


def test_a_closed_log_opens_its_segment_again(layout: Layout) -> None:
    log = CautionLog(layout, RUN)
    log.append(seen("one"))
    log.close()
    log.close()
    log.append(seen("two"))
    assert details(layout) == ["one", "two"]


def test_a_log_that_is_let_go_without_being_closed_leaves_no_file_open(layout: Layout) -> None:
    def opened() -> list[str]:
        return [name for one in Path("/proc/self/fd").iterdir() if RUN in (name := os.path.realpath(one))]

    log = CautionLog(layout, RUN)
    log.append(seen())
    assert len(opened()) == 1
    del log
    assert opened() == []


def test_a_tail_that_a_crash_tore_costs_its_own_line_only(layout: Layout) -> None:
    log = CautionLog(layout, RUN, clock=lambda: NOON)
    stored = [log.append(seen(detail)) for detail in ("first", "second", "thïrd")]
    log.close()
    assert log.path
    whole = log.path.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    for cut in (*range(start, len(whole), 25), *range(len(whole) - 3, len(whole) + 1)):  # each byte: tests/live
        log.path.write_bytes(whole[:cut])
        later = CautionLog(layout, RUN, clock=lambda: NOON)
        kept = later.append(seen("later"))
        later.close()
        third = stored[2:] if cut >= len(whole) - 1 else []
        assert list(read_cautions(layout)) == [*stored[:2], *third, kept], f"cut at byte {cut}"


@pytest.mark.parametrize("days", [-400, -1, 0, 1, 400])
def test_a_clock_that_jumps_between_openings_loses_nothing(layout: Layout, days: int) -> None:
    first = CautionLog(layout, RUN, clock=lambda: NOON)
    first.append(seen("before", at=NOON))
    second = CautionLog(layout, RUN, clock=lambda: NOON + timedelta(days=days))
    second.append(seen("after", at=NOON + timedelta(days=days)))
    first.append(seen("still there", at=NOON))
    assert sorted(details(layout)) == ["after", "before", "still there"]
    assert len({one.id for one in read_cautions(layout)}) == 3


def test_a_clock_that_is_set_back_while_a_log_is_open_leaves_it_where_it_is(layout: Layout) -> None:
    now = [NOON]
    log = CautionLog(layout, RUN, clock=lambda: now[0])
    log.append(seen("one"))
    now[0] = NOON - timedelta(days=30)
    log.append(seen("two"))
    assert [path.name for path in layout.cautions.iterdir()] == ["2026-11-21"]
    assert details(layout) == ["one", "two"]


def test_threads_share_a_log_and_no_line_is_torn(layout: Layout) -> None:
    log = CautionLog(layout, RUN)
    with ThreadPoolExecutor(16) as threads:
        stored = list(threads.map(lambda number: log.append(seen(f"number {number}")), range(320)))
    assert {one.id for one in read_cautions(layout)} == {one.id for one in stored}
    assert len({one.id for one in stored}) == 320


def test_two_logs_of_one_run_do_not_tear_each_other(layout: Layout) -> None:
    logs = [CautionLog(layout, RUN, clock=lambda: NOON) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda log: [log.append(seen()) for _ in range(50)], logs))
    assert len(details(layout)) == 200
    assert len(list(layout.cautions.rglob("*.jsonl"))) == 1


@pytest.mark.parametrize(
    ("detail", "kept"),
    [
        pytest.param("two\nlines\r\tand \x1b[31mred\x1b[0m", "two lines and red", id="control characters"),
        pytest.param("left\u202eright", "leftright", id="bidi"),
        pytest.param("key ghp_" + "a1B2" * 9, "key [redacted]", id="a token"),
        pytest.param("key ghp_" + "a1B2" * 4 + "\x1b[0m" + "a1B2" * 5, "key [redacted]", id="an escape in a token"),
        pytest.param("caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600", id="other alphabets"),
        pytest.param("byte \udcff", "byte \\xff", id="no UTF-8"),
    ],
)  # fmt: skip
def test_a_detail_is_plain_and_holds_no_secret(layout: Layout, detail: str, kept: str) -> None:
    caution = Caution.model_construct(**{**seen().__dict__, "detail": detail})
    assert CautionLog(layout, RUN).append(caution).detail == kept
    assert details(layout) == [kept]


def test_a_secret_that_is_named_while_a_log_is_open_is_hidden_from_then_on(layout: Layout) -> None:
    log = CautionLog(layout, RUN)
    log.append(seen("first"))
    hide_from_now_on("correct horse battery staple 100")
    assert log.append(seen("login with correct horse battery staple 100")).detail == "login with [redacted]"


def test_no_field_is_endless(layout: Layout) -> None:
    long = dict.fromkeys(("detail", "detector", "ticket", "chunk", "role", "engine", "model", "file"), "x" * 100_000)
    caution = Caution.model_construct(**{**seen().__dict__, **long, "signature": "f" * 100_000})
    log = CautionLog(layout, RUN)
    log.append(caution)
    assert log.path
    assert log.path.stat().st_size < 5_000
    assert len(details(layout)) == 1


RUNS = [
    pytest.param("../../../outside", id="climbs"), pytest.param("/etc/passwd", id="absolute"),
    pytest.param("", id="empty"), pytest.param("x" * 400, id="long"), pytest.param("a\0b", id="NUL"),
    pytest.param(".hidden", id="hidden"), pytest.param("lauf-ü", id="umlaut"), pytest.param("x\udcff", id="no UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize("run", RUNS)
def test_a_run_that_is_no_file_name_stays_in_its_folder(layout: Layout, run: str) -> None:
    log = CautionLog(layout, run, clock=lambda: NOON)
    log.append(seen())
    assert [path.parent for path in layout.root.rglob("*.jsonl")] == [layout.cautions / "2026-11-21"]
    assert len(details(layout)) == 1


def links(layout: Layout, outside: Path) -> Iterator[Path]:
    yield layout.cautions
    yield layout.cautions / "2026-11-21"
    yield layout.cautions / "2026-11-21" / f"{RUN}.jsonl"


@pytest.mark.parametrize("number", range(3), ids=["the folder", "a day", "a segment"])
def test_nothing_is_written_through_a_link(layout: Layout, tmp_path: Path, number: int) -> None:
    outside = tmp_path / "outside"
    (outside / "2026-11-21").mkdir(parents=True)
    (outside / f"{RUN}.jsonl").write_text("mine\n")
    link = list(links(layout, outside))[number]
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside / f"{RUN}.jsonl" if link.suffix else outside)
    with pytest.raises(LinestopError) as refused:
        CautionLog(layout, RUN, clock=lambda: NOON).append(seen())
    assert refused.value.found
    assert refused.value.todo
    assert (outside / f"{RUN}.jsonl").read_text() == "mine\n"
    assert not list((outside / "2026-11-21").iterdir())


def test_a_pipe_in_the_place_of_a_segment_is_refused_and_hangs_nobody(layout: Layout) -> None:
    day = layout.cautions / "2026-11-21"
    day.mkdir(parents=True)
    os.mkfifo(day / f"{RUN}.jsonl")
    with pytest.raises(RecordError):
        CautionLog(layout, RUN, clock=lambda: NOON).append(seen())
    assert details(layout) == []


def test_an_id_that_was_given_stays_so_that_a_second_try_is_no_second_caution(layout: Layout) -> None:
    log = CautionLog(layout, RUN)
    first = log.append(seen())
    log.append(first)
    assert list(read_cautions(layout)) == [first]


def test_the_kind_of_a_caution_is_kept(layout: Layout) -> None:
    log = CautionLog(layout, RUN)
    for kind in CautionKind:
        log.append(seen(kind=kind))
    assert {one.kind for one in read_cautions(layout)} == set(CautionKind)
