"""Model servers on this machine: which kind answers at an endpoint, what a model's window is, and room in memory.

The four kinds are in local_servers/ollama.py, _lmstudio.py, _llamacpp.py and _vllm.py. Paid endpoints are never asked.
"""

import ipaddress
import logging
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from linestop.blocks.local_servers.asking import QUERY_SECONDS, Asking
from linestop.blocks.local_servers.llamacpp import LlamaCppServer
from linestop.blocks.local_servers.lmstudio import LmStudioServer
from linestop.blocks.local_servers.ollama import OllamaServer
from linestop.blocks.local_servers.vllm import VllmServer
from linestop.engines import Endpoint
from linestop.engines.endpoints import is_local
from linestop.errors import InfraError, LinestopError, ToolError
from linestop.ports import LocalModel, LocalServer

logger = logging.getLogger(__name__)

_KINDS = (OllamaServer, LmStudioServer, LlamaCppServer, VllmServer)


def local_server(
    endpoint: Endpoint, *, seconds: float = QUERY_SECONDS, environ: Mapping[str, str] | None = None
) -> LocalServer | None:
    """Return the server that answers at an endpoint, None where none of the four kinds does.

    The kind is told by what it answers, never by its port. `seconds` is the time of each question.

    Raises:
        InfraError: nothing answers there.
    """
    if not is_near(endpoint):
        return None
    key = (os.environ if environ is None else environ).get(endpoint.key, "") if endpoint.key else ""
    asking = Asking(endpoint.url, key=key, seconds=seconds)
    for kind in _KINDS:
        if kind.answers(asking):
            return kind(asking)
    return None


def is_near(endpoint: Endpoint) -> bool:
    """Return whether an endpoint is on this machine or in a private network: where local servers are looked for."""
    if is_local(endpoint):
        return True
    host = (urlsplit(endpoint.url).hostname or "").lower()
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host.endswith((".local", ".lan", ".internal"))


def window_of(endpoint: Endpoint, model: str, *, seconds: float = QUERY_SECONDS, load: bool = True) -> int | None:
    """Return the window in tokens that a local server gives a model, None where it doesn't tell, or none is there.

    A model that must be loaded to know is loaded, unless `load` is False: whoever asks is about to use it.
    """
    try:
        server = local_server(endpoint, seconds=seconds)
        found = model_of(server, model) if server else None
        if load and server and found and found.window is None and not found.loaded:
            found = server.load(model)
    except LinestopError:
        return None
    return found.window if found else None


def make_ready(endpoint: Endpoint, model: str) -> tuple[str, ...]:
    """Load a model on a local server whose endpoint sets a budget of memory; return which models had to leave.

    Without a budget nothing is done: such servers load by themselves what they are asked for.

    Raises:
        ToolError: no local server is there, it has no such model, or no room for it.
        InfraError: the server is dead or too slow.
    """
    if endpoint.memory_gb is None or not model:
        return ()
    server = local_server(endpoint)
    if server is None:
        raise ToolError(
            f"the memory of {endpoint.url} can't be kept within {endpoint.memory_gb:g} GB",
            found="no Ollama, LM Studio, llama.cpp or vLLM of this machine or its network",
            todo="remove memory_gb from the endpoint, or correct its url",
        )
    gone = load_within(server, model, budget_bytes=int(endpoint.memory_gb * 2**30))
    if gone:
        logger.info("models.left server=%s for=%s left=%s", server.kind, model, ",".join(gone))
    return gone


def model_of(server: LocalServer, name: str) -> LocalModel | None:
    """Return a server's model by its name, None where it has none of that name."""
    return next((one for one in server.models() if one.name == name), None)


def load_within(
    server: LocalServer, name: str, *, budget_bytes: int, window: int | None = None, keep: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Load a model so that all loaded ones stay within a budget of memory; return what had to leave, in order.

    The largest leave first; those in `keep` stay. A size that is not told counts as the whole budget.

    Raises:
        ToolError: there is no such model, or no room for it.
        InfraError: the server is dead or too slow.
    """
    models = server.models()
    wanted = next((one for one in models if one.name == name), None)
    if wanted is None:
        raise ToolError(
            f"{server.kind} at {server.url} has no model {name!r}",
            found=", ".join(one.name for one in models[:20]) or "no models",
            todo="name one it has, or fetch the model there first",
        )
    if wanted.loaded:
        return ()
    gone = []
    for one in _leaving(server, models, wanted, budget_bytes, keep):
        server.unload(one.name)
        gone.append(one.name)
    server.load(name, window=window)
    return tuple(gone)


def _leaving(
    server: LocalServer, models: tuple[LocalModel, ...], wanted: LocalModel, budget: int, keep: frozenset[str]
) -> list[LocalModel]:
    """Return which loaded models must leave, before any does."""

    def size(model: LocalModel) -> int:
        return budget if model.size_bytes is None else model.size_bytes

    loaded = [one for one in models if one.loaded]
    may_leave = sorted((one for one in loaded if one.name not in keep), key=lambda one: (-size(one), one.name))
    room = budget - sum(map(size, loaded))
    leaving = []
    while room < size(wanted) and may_leave:
        leaving.append(may_leave.pop(0))
        room += size(leaving[-1])
    if room < size(wanted):
        raise ToolError(
            f"no room for the model {wanted.name!r} in the memory of {server.kind} at {server.url}",
            found=f"it takes {_gib(size(wanted))}, the budget is {_gib(budget)}"
            + (f", and {', '.join(sorted(keep))} stay loaded" if keep else ""),
            todo="take a smaller model or quantisation, or raise the budget",
        )
    return leaving


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def reachable(endpoint: Endpoint, *, seconds: float = QUERY_SECONDS) -> str:
    """Return in a few words what answers at a local endpoint and what it has, empty where nothing does."""
    try:
        server = local_server(endpoint, seconds=seconds)
        if server is None:
            return "a server of another kind" if is_near(endpoint) else ""
        models = server.models()
    except InfraError:
        return ""
    except ToolError as error:
        return error.what
    loaded = [one.name + (f" ({one.window:,} tokens)" if one.window else "") for one in models if one.loaded]
    return f"{server.kind}, {len(models)} models, loaded: {', '.join(loaded[:5]) or 'none'}"
