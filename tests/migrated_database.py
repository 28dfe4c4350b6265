"""A database that Prefect has migrated already: to migrate a new one is two thirds of the cost of a first start.

The first server of any test session that has done it leaves a copy, of this version of Prefect; the next ones begin
with it. Tests of the very first start ask for none. `make clean` removes it.
"""

import shutil
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

KEPT = Path(__file__).parents[1] / ".pytest_cache" / "d" / f"prefect-{version('prefect')}.db"


def lay(database: Path) -> bool:
    """Put the kept one where a server will look for its own; return whether there was one."""
    if not KEPT.exists():
        return False
    database.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(KEPT, database)
    return True


def keep(database: Path) -> None:
    """Keep a copy of a database whose server has just come up; of two that do so at once, one stays."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    copy = KEPT.with_name(f"{KEPT.name}.{uuid4().hex}")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copy.replace(KEPT)
