"""What a task may be retried for: infrastructure, never the work."""

from typing import Any

from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from linestop.errors import BusyError, InfraError


def only_infrastructure(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether the failure was the machine's; a busy provider was waited for already."""
    return isinstance(state.data, InfraError) and not isinstance(state.data, BusyError)
