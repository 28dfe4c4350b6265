"""Who holds something: a process is known again by its start, and only while it runs."""

import os
import subprocess
import sys

import psutil
import pytest

from linestop.records import holder, holder_of, is_alive


def test_this_process_is_alive_and_another_start_or_pid_is_not() -> None:
    host, pid, start = holder().rsplit(":", 2)
    assert is_alive(holder())
    assert not is_alive(f"{host}:{pid}:{float(start) + 1:.2f}")
    assert is_alive(f"elsewhere:{pid}:{start}"), "of another host only its lease tells"


def test_a_start_is_counted_from_the_boot_so_that_setting_the_clock_kills_nobody() -> None:
    start = float(holder().rpartition(":")[2])
    ago = psutil.Process().create_time() - psutil.boot_time()
    assert start == pytest.approx(ago, abs=0.02)


def test_a_killed_process_is_gone_even_where_its_parent_never_asks() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = holder_of(child.pid)
    assert is_alive(name)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
    assert not is_alive(name)
    child.communicate()
    assert not is_alive(name)


@pytest.mark.parametrize("name", [pytest.param("", id="nobody"), pytest.param("a:b", id="no-start")])
def test_what_is_no_name_is_not_alive_here(name: str) -> None:
    host = holder().partition(":")[0]
    assert not is_alive(f"{host}:{name}")
