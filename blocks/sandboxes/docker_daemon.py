"""The docker daemon: how it is reached, whose container is whose, and the removal of those that a killed linestop left.

Every container carries the holder's name (records.holder) as a label: whoever opens a sandbox next removes those whose
holder is gone. Before that a container has ended by itself: its first process holds a line to linestop.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

import docker
from docker.errors import DockerException
from docker.models.containers import Container
from requests.exceptions import RequestException

from linestop.errors import InfraError, ToolError
from linestop.records import is_alive

HOLDER = "linestop.holder"
_SECONDS = 60


class Daemon:
    """One docker daemon, on this machine: it must see the same files."""

    def __init__(self, host: str = "") -> None:
        self.host = host or os.environ.get("DOCKER_HOST", "")

    @cached_property
    def client(self) -> docker.DockerClient:
        """Return the SDK's client.

        Raises:
            ToolError: no daemon answers.
        """
        try:
            client = docker.DockerClient(base_url=self.host or None, timeout=_SECONDS)
            client.ping()
        except (DockerException, RequestException, OSError) as error:
            raise ToolError(
                "docker can't be reached",
                found=f"no daemon answers at {self.host or 'unix:///var/run/docker.sock'}: {_why(error)}",
                todo="apt install docker.io and start it, or set sandbox.docker_host (or DOCKER_HOST) to its socket",
            ) from error
        return client

    @cached_property
    def rootless(self) -> bool:
        """Whether root inside a container is an ordinary user outside.

        Raises:
            ToolError: the daemon maps users in a way that no workspace can be shared with.
        """
        options = " ".join(self.client.info().get("SecurityOptions") or ())
        if "name=userns" in options and "name=rootless" not in options:
            raise ToolError(
                "this docker daemon maps users (userns-remap)",
                found="a workspace's files belong to nobody in its containers",
                todo="use a daemon without userns-remap, or rootless docker, or bubblewrap",
            )
        return "name=rootless" in options

    def sweep(self) -> None:
        """Remove the containers whose holder is gone."""
        with talking("list containers"):
            for one in self.client.containers.list(all=True, filters={"label": HOLDER}, ignore_removed=True):
                if not is_alive(one.labels.get(HOLDER, "")):
                    removed(one)


@contextmanager
def talking(to: str) -> Iterator[None]:
    """Turn what goes wrong with the daemon into an error of ours.

    Raises:
        InfraError: it refused, or didn't answer.
    """
    try:
        yield
    except (DockerException, RequestException, OSError) as error:
        raise InfraError(f"docker can't {to}", found=_said(error), todo="check the daemon; run it again") from error


def removed(container: Container) -> None:
    """Remove a container with all its processes; one that is gone is fine, one that can't be now is swept later."""
    with suppress(DockerException, RequestException):
        container.remove(force=True, v=True)


def _why(error: Any) -> str:
    """Return the reason out of the SDK's nested text, which is long."""
    text = str(error)
    known = ("Permission denied", "No such file or directory", "Connection refused", "timed out")
    return next((words for words in known if words in text), text[:300])


def _said(error: Any) -> str:
    return str(getattr(error, "explanation", "") or error)[:500]
