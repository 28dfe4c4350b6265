"""Cautions under processes that crowd, are killed with -9, or meet a full disk: nothing acknowledged is ever lost."""

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from linestop.memory.cautions import Caution, CautionKind, CautionLog, compact, parquet_files, read_cautions
from linestop.paths import Layout

pytestmark = pytest.mark.live
CROWD = Path(__file__).with_name("caution_crowd.py")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KILLS = 8


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = tmp_path / "shop"
    root.mkdir()
    return Layout(root)


def argv(layout: Layout, action: str, number: int) -> list[str]:
    return [sys.executable, str(CROWD), str(layout.root), action, str(number)]


def answer(words: list[str]) -> dict[str, Any]:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def ids(layout: Layout) -> list[str]:
    return [one.id for one in read_cautions(layout)]


def seen(detail: str, file: str = "src/a.py") -> Caution:
    return Caution(kind=CautionKind.FIRING, detector="repeat", detail=detail, file=file)


def test_64_write_while_64_read_and_one_compacts(layout: Layout) -> None:
    told = answer(argv(layout, "crowd", 64))
    assert set(told["codes"]) == {0}
    assert told["odd"] == [[0, 0, 0]] * 64
    assert len(told["acknowledged"]) == 1 + 64 * 20
    assert told["compacted"] > 0
    assert Counter(ids(layout)) == Counter(told["acknowledged"])
    compact(layout, quiet_seconds=0)
    assert Counter(ids(layout)) == Counter(told["acknowledged"])


def test_a_writer_that_is_killed_at_any_moment_loses_nothing_that_it_was_told_is_written(layout: Layout) -> None:
    acknowledged, rng = list[str](), random.Random(7)  # noqa: S311
    for _ in range(KILLS):
        process = subprocess.Popen(argv(layout, "write", 1), stdout=subprocess.PIPE)
        assert process.stdout
        wanted, said = rng.randrange(1, 200), b""
        while said.count(b"\n") < wanted:
            said += os.read(process.stdout.fileno(), 4096)
        process.kill()
        said += process.stdout.read()
        process.wait()
        process.stdout.close()
        acknowledged += said.decode().splitlines()
    found = Counter(ids(layout))
    assert set(acknowledged) <= set(found)
    assert len(found) - len(acknowledged) <= KILLS  # one that was written and not told yet, each time
    assert set(found.values()) == {1}
    assert len(list(layout.cautions.rglob("*.jsonl"))) <= 2  # one a day


def test_a_tail_torn_at_any_byte_costs_its_own_line_only(layout: Layout) -> None:
    log = CautionLog(layout, "torn", clock=lambda: NOON)
    stored = [log.append(seen(detail)) for detail in ("first", "sécond", "thïrd \U0001f600")]
    log.close()
    assert log.path
    whole = log.path.read_bytes()
    for cut in range(whole.rindex(b"\n", 0, -1), len(whole) + 1):
        log.path.write_bytes(whole[:cut])
        kept = CautionLog(layout, "torn", clock=lambda: NOON).append(seen("later"))
        lines = whole[:cut].split(b"\n")
        before = [one for one, line in zip(stored, lines, strict=False) if line.endswith(b"}")]
        assert list(read_cautions(layout)) == [*before, kept], f"cut at byte {cut}"


def test_a_limit_of_a_files_size_refuses_and_damages_nothing(layout: Layout) -> None:
    _holds(answer(argv(layout, "fill", 9_000)))


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="a small disk is mounted by root with `unshare`"
)
def test_a_full_disk_refuses_and_damages_nothing(layout: Layout) -> None:
    mount = f"mount -t tmpfs -o size=96k none {layout.root} && head -c 40000 /dev/zero > {layout.root}/filler && exec "
    words = ["unshare", "--mount", "sh", "-c", mount + '"$@"', "sh", *argv(layout, "fill", 0)]
    if subprocess.run([*words[:4], mount + "true"], capture_output=True, check=False).returncode:
        pytest.skip("no tmpfs may be mounted here")
    told = answer(words)
    assert "No space left" in told["refused"][0]
    _holds(told)


def _holds(told: dict[str, Any]) -> None:
    assert len(told["refused"]) == 3
    assert "free disk space" in told["refused"][0]
    assert told["whole"]  # no half line is left where the disk refused
    assert len(told["acknowledged"]) > 5
    assert told["read"] == told["acknowledged"]


def test_a_compaction_that_is_killed_at_any_moment_loses_and_doubles_nothing(layout: Layout) -> None:
    stored, rng = list[str](), random.Random(11)  # noqa: S311
    code = f"""
import os
from pathlib import Path
from linestop.memory.cautions import compact
from linestop.paths import Layout
import duckdb
os.write(1, b"x")
while True:
    compact(Layout(Path({str(layout.root)!r})), quiet_seconds=0, most=40)
    os.write(1, b".")
"""
    for kill in range(KILLS):
        for run in range(6):
            log = CautionLog(layout, f"{kill}-{run}")
            stored += [log.append(seen(f"{kill} {run} {one}", f"src/{one}.py")).id for one in range(20)]
            log.close()
        process = subprocess.Popen([sys.executable, "-P", "-c", code], stdout=subprocess.PIPE)
        assert process.stdout
        assert process.stdout.read(1) == b"x"
        select.select([process.stdout], [], [], rng.uniform(0, 0.25))  # the kill falls anywhere in its first rounds
        process.kill()
        process.wait()
        process.stdout.close()
        assert Counter(ids(layout)) == Counter(stored)
    while compact(layout, quiet_seconds=0).segments:
        pass
    assert not list(layout.cautions.rglob("*.jsonl"))
    assert parquet_files(layout)
    assert Counter(ids(layout)) == Counter(stored)


def test_the_command_follows_until_ctrl_c(layout: Layout) -> None:
    subprocess.run(["git", "init", "-q", str(layout.root)], check=True)
    log = CautionLog(layout, "one")
    log.append(seen("before"))
    words = [str(Path(sys.executable).with_name("linestop")), "caution", "list", "--follow", "--json"]
    process = subprocess.Popen(words, cwd=layout.root, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert json.loads(process.stdout.readline())["detail"] == "before"
        start = monotonic()
        CautionLog(layout, "two").append(seen("another run"))
        log.append(seen("the same run"))
        told = {json.loads(process.stdout.readline())["detail"] for _ in range(2)}
        assert told == {"another run", "the same run"}
        assert monotonic() - start < 60
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stdout.read() == ""
    finally:
        process.kill()
        process.communicate()
