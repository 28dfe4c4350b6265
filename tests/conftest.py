"""The garbage collector rests while the tests are collected: everything that is imported then stays to the end.

Half of the time of collecting went into walks over what was never garbage, in each worker, and every walk in a test
went over it again. Frozen, it is out of the collector's way; what the tests themselves leave is collected as ever.
"""

import gc

gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # what stays frozen at the end, DuckDB's binding reports as leaked
