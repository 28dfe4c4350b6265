"""The model engine: linestop's own agent loop, on pydantic-ai, for any OpenAI-compatible, Anthropic or local endpoint.

It runs outside the sandbox and asks the endpoint itself, so that no key goes in; commands and searches run in the cell.
pydantic-ai is loaded with the first dispatch, since it takes a second and more: other engines don't pay for it.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from linestop.blocks.local_servers.servers import make_ready
from linestop.blocks.model_engine.window import known_window
from linestop.blocks.model_proxy.proxy import ModelProxy
from linestop.blocks.sandboxes.choice import confinement_for
from linestop.engines import Endpoint, McpServer, ModelSettings, Wire
from linestop.engines.endpoints import key_of, provider_of
from linestop.errors import PolicyError
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch, Limits, PriceBook, Sandbox, Work
from linestop.spending import Meter
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog

if TYPE_CHECKING:
    from linestop.blocks.model_engine.requests import Patience


class ModelEngine:
    """Implements ports.Engine with a model that is asked turn by turn.

    `environ` is where the endpoint's key is read from; `patience` how often a call is tried again.
    """

    def __init__(
        self,
        settings: ModelSettings,
        *,
        name: str,
        endpoint: Endpoint,
        sandbox: Sandbox,
        policy: SandboxPolicy,
        mcp: Mapping[str, McpServer],
        prices: PriceBook,
        environ: Mapping[str, str] = os.environ,
        patience: "Patience | None" = None,
    ) -> None:
        self.name, self.model = name, settings.model
        self._settings, self._endpoint, self._prices = settings, endpoint, prices
        self._sandbox, self._policy = sandbox, policy
        self._mcp = {one: _server(one, mcp) for one in settings.mcp}
        self._environ, self._patience = environ, patience
        self._window: int | None = None
        if endpoint.wire is Wire.GEMINI:
            raise PolicyError(
                f"the model engine {name!r} doesn't speak this wire",
                found=f"{endpoint.wire} at {endpoint.url}",
                todo="use wire openai-chat: Gemini serves it at /v1beta/openai of the same host",
            )

    @property
    def window(self) -> int | None:
        """The model's window: as set, as a local server tells of a model it has loaded, as the price book knows."""
        if self._window is None:
            self._window = known_window(self._settings, self._endpoint, self._prices)[0]
        return self._window

    def preflight(self, limits: Limits) -> None:
        """Refuse beforehand what could not work: no key, or no price under a cap. Errors as the port says."""
        if refusal := Meter(limits, prices=self._prices).start_refusal(self.model, provider_of(self._endpoint)):
            raise refusal
        key_of(self._endpoint, self._environ)

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: LiveLog
    ) -> Work:
        """Work in `workspace` until the model says that it is done, or a limit, a clock or the watch ends it.

        Raises:
            PolicyError: a cap in dollars is set and no price is known. ToolError: the key is missing or refused, the
                model or an MCP server isn't there. BusyError: a rate limit or an overload. InfraError: the endpoint
                doesn't answer, the sandbox can't be started.
        """
        self.preflight(order.limits)
        key = key_of(self._endpoint, self._environ)
        make_ready(self._endpoint, self.model)
        from linestop.blocks.model_engine.dispatch import Parts, run_dispatch  # noqa: PLC0415  # loads pydantic-ai

        parts = Parts(self._settings, self._endpoint, key, self._prices, self._mcp, self._patience)
        with ExitStack() as stack:
            socket = stack.enter_context(self._way_out(order)).socket if self._policy.network == "allow" else None
            confinement = confinement_for(
                self._policy, mounts=order.mounts, model_socket=socket, read_only=order.looks_only
            )
            cell = stack.enter_context(self._sandbox.open(workspace, confinement))
            return asyncio.run(run_dispatch(parts, order, workspace.resolve(), cell=cell, checks=checks, events=events))

    def _way_out(self, order: Dispatch) -> ModelProxy:
        """Return the proxy to the policy's hosts, for commands in the cell; no model can be asked through it."""
        return ModelProxy({}, meter=Meter(order.limits, prices=self._prices), hosts=self._policy.hosts)


def _server(name: str, servers: Mapping[str, McpServer]) -> McpServer:
    if name in servers:
        return servers[name]
    known = ", ".join(servers) or "no server at all"
    raise PolicyError(f"there is no MCP server {name!r}", found=known, todo=f"add [mcp.{name}] to the policy")
