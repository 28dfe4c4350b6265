"""CommandEngine: an agent's own command line, in a sandbox, watched while it runs.

Owns the order of things: install, endpoint, proxy, cell. One run of the command is shift.py's, what it says
stream.py's, how it ended verdict.py's; what is known of each agent is in presets/.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from linestop.blocks.command_engine.relay import relay
from linestop.blocks.command_engine.shift import Shift
from linestop.blocks.local_servers.servers import make_ready
from linestop.blocks.model_proxy.proxy import ModelProxy
from linestop.blocks.presets import Errand, Preset, preset_for
from linestop.blocks.presets.installs import Install, find_install
from linestop.blocks.sandboxes.choice import confinement_for
from linestop.briefs import bare_brief
from linestop.engines import CommandSettings, Endpoint, Wire
from linestop.engines.answers import instructions
from linestop.engines.endpoints import DEFAULTS, key_of, provider_of
from linestop.errors import PolicyError
from linestop.events import EventKind, Usage
from linestop.policy import SandboxPolicy
from linestop.ports import Cell, Dispatch, Limits, PriceBook, Sandbox, Work
from linestop.spending import Meter
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog


class CommandEngine:
    """Dispatches one agent's command line. Holds no state between dispatches, but the sessions it may resume."""

    def __init__(
        self,
        settings: CommandSettings,
        *,
        name: str,
        endpoints: Mapping[str, Endpoint],
        sandbox: Sandbox,
        policy: SandboxPolicy,
        prices: PriceBook,
    ) -> None:
        self.name = name
        self._settings, self._sandbox, self._policy, self._prices = settings, sandbox, policy, prices
        self._preset = preset_for(settings)
        self._endpoint = _endpoint(self._preset, settings, endpoints, engine=name)
        if self._preset.needs_model and not settings.model:
            raise PolicyError(
                f"the engine {name!r} needs a model",
                found=f"engines.{name}.model is empty, and {self._preset.name} has none of its own",
                todo=f'[engines.{name}] preset = "{self._preset.name}", model = "…"',
            )

    @property
    def model(self) -> str:
        """The model it is told to use; empty where the agent chooses."""
        return self._settings.model

    @property
    def window(self) -> int | None:
        """The window as set, as the price book knows it of the model; where none is set, that of the agent's own."""
        if self._settings.window:
            return self._settings.window
        model = self._settings.model
        return self._prices.facts(model, provider=provider_of(self._endpoint)).window if model else self._preset.window

    def preflight(self, limits: Limits) -> None:
        """Refuse beforehand what could not work: no program, no key, no price under a cap. Errors as the port says."""
        self._installed()
        key_of(self._endpoint, os.environ)
        self._priced(Meter(limits, prices=self._prices))

    def _installed(self) -> Install:
        preset, settings = self._preset, self._settings
        return find_install(preset.command, program=settings.program, install=preset.install, engine=self.name)

    def _priced(self, meter: Meter) -> None:
        model = self._settings.model
        if model and (refusal := meter.start_refusal(model, provider_of(self._endpoint))):
            raise refusal

    def dispatch(
        self,
        order: Dispatch,
        workspace: Path,
        *,
        checks: Callable[[Path], CheckReport],  # noqa: ARG002  # a command line runs them itself, if at all
        events: LiveLog,
    ) -> Work:
        """Work as the port says.

        Raises:
            ToolError: the agent is not installed or does not start, its key is missing or refused.
            PolicyError: its model has no known price, and the order has a cap in dollars.
            BusyError: a rate limit or an overload of the provider ended it.
            InfraError: the connection to the provider or the machine failed.
        """
        preset, settings = self._preset, self._settings
        install = self._installed()
        key_of(self._endpoint, os.environ)
        meter = Meter(self._limited(order), prices=self._prices, told=_teller(events, order.role))
        self._priced(meter)
        make_ready(self._endpoint, settings.model)
        said = f"{preset.label} {install.version}".strip()
        events.append(EventKind.START, step=order.role, text=said, agent=preset.name, version=install.version)
        ways = {preset.name: self._endpoint}
        with ModelProxy(ways, meter=meter, hosts=self._policy.hosts, web=self._policy.network == "open") as proxy:
            mounts = (*install.mounts, *order.mounts, *settings.mounts)
            confinement = confinement_for(
                self._policy, mounts=mounts, model_socket=proxy.socket, read_only=order.looks_only
            )
            with self._base(proxy) as base, self._sandbox.open(workspace, confinement) as cell:
                errand = self._errand(order, install, base, cell)
                path = (*order.path, *install.path)
                return Shift(
                    preset, errand, cell,
                    order=order, events=events, proxy=proxy, meter=meter, env=settings.env, path=path,
                ).work()  # fmt: skip

    def _limited(self, order: Dispatch) -> Limits:
        turns = [one for one in (order.limits.turns, self._settings.turns) if one]
        return order.limits.model_copy(update={"turns": min(turns, default=None)})

    @contextmanager
    def _base(self, proxy: ModelProxy) -> Iterator[str]:
        """Yield the endpoint's URL as the agent reaches it: a sandbox that isolates forwards the port itself."""
        if self._sandbox.isolates:
            yield proxy.base(self._preset.name)
            return
        with relay(proxy.socket) as port:
            yield f"http://127.0.0.1:{port}/{self._preset.name}"

    def _errand(self, order: Dispatch, install: Install, base: str, cell: Cell) -> Errand:
        brief = order.brief or bare_brief(
            order.plan, order.chunk, role=order.role, attempt=order.attempt, corrections=order.corrections,
            diff="see `git diff`" if order.looks_only else None,
        ).text  # fmt: skip
        return Errand(
            program=install.argv,
            home=cell.home,
            prompt=f"{brief.rstrip()}\n\n{instructions(order.role)}",
            base=base,
            wire=self._endpoint.wire,
            model=self._settings.model,
            resume=order.resume,
            turns=self._limited(order).turns,
            looks_only=order.looks_only,
            isolated=self._sandbox.isolates,
            online=self._policy.network == "open",
            paths=tuple(path for path in order.chunk.paths if _is_file(cell.workspace, path)),
        )


def _is_file(workspace: Path, path: str) -> bool:
    """Return whether a path of a plan is a file of the workspace, and fit to be an argument."""
    place = (workspace / path).resolve()
    return not path.startswith("-") and place.is_relative_to(workspace.resolve()) and place.is_file()


def _teller(events: LiveLog, role: str) -> Callable[[str, Usage], None]:
    """Return what writes each call that the meter counted into the record."""

    def told(model: str, usage: Usage) -> None:
        events.append(EventKind.USAGE, step=role, model=model, usage=usage)

    return told


def _endpoint(preset: Preset, settings: CommandSettings, endpoints: Mapping[str, Endpoint], *, engine: str) -> Endpoint:
    """Return where an engine's models are served.

    Raises:
        PolicyError: there is no endpoint of that name, or the agent does not speak its wire.
    """
    name = settings.endpoint or preset.endpoint
    known = {**DEFAULTS, **preset.endpoints, **endpoints}
    if name not in known:
        raise PolicyError(
            f"the engine {engine!r} uses an endpoint {name!r} that there isn't",
            found=", ".join(sorted(known)),
            todo=f"add [endpoints.{name}] to the policy, or name another",
        )
    if known[name].wire not in preset.wires:
        spoken = sorted(Wire(wire).value for wire in preset.wires)
        raise PolicyError(
            f"{preset.name} does not speak the wire of the endpoint {name!r}",
            found=known[name].wire.value,
            todo=f'where it does speak it, set in [endpoints.{name}]: wire = "{spoken[0]}"; else name another endpoint,'
            f" with one of: {', '.join(spoken)}",
        )
    return known[name]
