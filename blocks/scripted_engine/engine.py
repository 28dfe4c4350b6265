"""The scripted engine: plays a scenario in a real workspace, turn by turn, with real effects and no model.

Owns the dispatch: which act is played, what is told, limits, and how it ends. What its calls do is in
`scripted_engine_calls`, what its faults do in `scripted_engine_faults`; the format is linestop/scenarios.
"""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from linestop.blocks.sandboxes.choice import confinement_for
from linestop.blocks.scripted_engine.calls import Calls
from linestop.blocks.scripted_engine.faults import Faults, MetFaults
from linestop.events import EventKind, Fault
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch, Sandbox, Work
from linestop.scenarios import Act, Scenario, Script, Step, act_for, cast_of_dispatch
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog


class ScriptedEngine:
    """Plays a scenario. `met` counts the faults that were met, over dispatches; by default one count a process."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        name: str = "scripted",
        sandbox: Sandbox,
        policy: SandboxPolicy,
        met: MetFaults | None = None,
    ) -> None:
        self.name, self._scenario = name, scenario
        self._sandbox, self._policy, self._met = sandbox, policy, met or MetFaults.of_process()

    @property
    def model(self) -> str:
        """The scenario's name for its model."""
        return self._scenario.model

    @property
    def window(self) -> int | None:
        """The scenario's window."""
        return self._scenario.window

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: LiveLog
    ) -> Work:
        """Play the act that is for this dispatch.

        Raises:
            ToolError: a scripted refusal of the key.
            BusyError: a scripted rate limit or overload.
            InfraError: the sandbox can't be started, or the scripted provider keeps failing.
            ScriptedCrashError: a scripted crash of the agent.
        """
        act = act_for(self._scenario, cast_of_dispatch(order))
        if act is None:
            words = (
                f"no act of the scenario {self._scenario.name} is for {order.role} of {order.ticket}/{order.chunk.id}"
            )
            events.append(EventKind.MESSAGE, step=order.role, text=words)
            return Work(summary="Nothing was changed.", could_not=(words,))
        confinement = confinement_for(self._policy, mounts=order.mounts, read_only=order.looks_only)
        with Calls(order, workspace, self._sandbox, confinement, checks=checks, events=events) as calls:
            faults = Faults(self._met, order, events)
            return _Play(self._scenario, act, order, calls=calls, faults=faults, events=events).to_the_end()


class _Play:
    """One dispatch while it is played."""

    def __init__(
        self, scenario: Scenario, act: Act, order: Dispatch, *, calls: Calls, faults: Faults, events: LiveLog
    ) -> None:
        self._scenario, self._order = scenario, order
        self._calls, self._faults, self._events = calls, faults, events
        self._script = Script(act, cast_of_dispatch(order))
        self._deadline = monotonic() + order.limits.wall_seconds
        self._turns = self._tokens = 0
        self._last_words = ""

    def to_the_end(self) -> Work:
        """Play until the agent has given its answer, the script is over, or something ends it."""
        told = "\n".join((self._order.brief, *self._order.corrections))
        while not (broke_off := self._broke_off()):
            step = self._script.next("\n".join(filter(None, (told, self._events.take_nudge()))))
            if step is None:
                return self._calls.work(self._last_words or "The scenario was over without an answer.")
            broke_off = self._faults.meet(step, self._left()) or self._broke_off()
            if broke_off:
                break
            told = self._turn(step)
            if self._calls.answered and not self._events.stopping.is_set():
                return self._calls.work()
        return self._calls.work(self._last_words, broke_off=broke_off)

    def _turn(self, step: Step) -> str:
        """Play one turn and return what came of its calls."""
        turn, said = step.turn, {"step": self._order.role, "turn": self._turns + 1}
        self._events.stopping.wait(min(turn.seconds, max(0.0, self._left())))
        self._turns += 1
        self._tokens += step.usage.input + step.usage.output
        if turn.think:
            self._events.append(EventKind.REASONING, text=turn.think, **said)
        if turn.say:
            self._last_words = turn.say
            self._events.append(EventKind.MESSAGE, text=turn.say, **said)
        self._events.append(EventKind.USAGE, usage=step.usage, model=self._scenario.model, **said)
        results: list[str] = []
        for call in turn.calls:
            if self._events.stopping.is_set() or self._calls.answered:
                break
            results.append(self._calls.make(call, seconds_left=self._left()))
        return "\n".join(results)

    def _left(self) -> float:
        return self._deadline - monotonic()

    def _broke_off(self) -> str:
        """Return why it can't go on, empty where it can."""
        if self._events.stopping.is_set():
            return self._events.stop_reason or "it was stopped"
        limits = self._order.limits
        for spent, most, what in (
            (self._turns, limits.turns, "turns"),
            (self._tokens, limits.tokens, "tokens"),
        ):
            if most is not None and spent >= most:
                return self._capped(f"its {most} {what} are spent")
        return self._capped(f"its {limits.wall_seconds:g} s are over") if self._left() <= 0 else ""

    def _capped(self, why: str) -> str:
        self._events.append(EventKind.LIMIT, step=self._order.role, text=why, fault=Fault.BUDGET)
        return why
