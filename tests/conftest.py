"""What holds of all tests: they have a home of their own, the longest live ones begin first, and collecting is quick.

The garbage collector rests while the tests are collected: everything that is imported then stays to the end.

Half of the time of collecting went into walks over what was never garbage, in each worker, and every walk in a test
went over it again. Frozen, it is out of the collector's way; what the tests themselves leave is collected as ever.
"""

import atexit
import gc
import os
import shutil
import sys
import tempfile

import pytest

# Minutes each: a worker that comes to one of them last would work on alone, and all others wait for it.
LONG = (
    "test_real_repositories", "test_odd_repositories", "test_real_agents_flow", "test_main_job", "test_up_down",
    "test_odd_checkouts", "test_debrief_forms", "test_mixed_batch", "test_pages", "test_infra_lock_crash",
    "test_static_engine_live", "test_debrief_flow", "test_infra_tickets", "test_register", "test_hostile_target",
    "test_broken_memory", "test_signs_flow", "test_server_alone", "test_model_engine_ticket", "test_real_agents",
    "test_real_agents_faults", "test_read_only_home",
)  # fmt: skip

_homes: list[str] = []
gc.disable()


def pytest_configure() -> None:
    """Lessons that whoever runs the tests keeps at home must be told to none of them, and nothing be written there."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        atexit.register(_leave, os.getpid())  # the first to be registered is the last to be called
    else:  # workers have their parent's; not in /tmp, which a sandbox hides
        _homes.append(tempfile.mkdtemp(prefix="linestop-tests-", dir="/var/tmp"))
        os.environ["LINESTOP_HOME"] = _homes[0]


def _leave(worker: int) -> None:
    """End a worker whose results are all reported, without taking its interpreter apart.

    Prefect's threads keep modules alive beyond that, and DuckDB's binding, which is one of them, then lists thirty
    objects of its own as leaked, below the summary.
    """
    if os.getpid() == worker:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # what stays frozen at the end, DuckDB's binding reports as leaked
    for home in _homes:
        shutil.rmtree(home, ignore_errors=True)
