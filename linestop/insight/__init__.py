"""The analysis of what was recorded and remembered, answered from DuckDB and as a tree of runs.

Reads only, and tolerates what a kill or a stranger left there. Writing records is linestop/records.py, remembering
linestop/memory. Pictures of answers are drawing/.
"""

from linestop.insight.analysis import Analysis, Table
from linestop.insight.history import Run, history
from linestop.insight.queries import Query, find_query, load_queries

__all__ = ["Analysis", "Query", "Run", "Table", "find_query", "history", "load_queries"]
