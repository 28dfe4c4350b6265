"""Decides what a request is answered: replays the conversation it holds through the scenario, and takes the next turn.

Keeps nothing of a conversation but how often a fault was met, so that sessions may run side by side, be resumed, and
ask again after a fault. The oldest of MOST_SESSIONS counts are forgotten.
"""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

from linestop.deployments.lab_server.asking import Ask
from linestop.deployments.lab_server.replies import Reply
from linestop.deployments.lab_server.text_edits import as_blocks, as_listings
from linestop.deployments.lab_server.translating import Said, Translator
from linestop.events import Usage
from linestop.scenarios import (
    Cast,
    Finish,
    Petition,
    Rule,
    Scenario,
    Script,
    ScriptedFault,
    Step,
    Turn,
    act_for,
    cast_of_brief,
)

MOST_SESSIONS = 10_000
MOST_STEPS = 1_000  # of an act that is told at once
SIDE_ANSWER = "Scripted session"
_SIDE_USAGE = Usage(input=120, output=8)


@dataclass(frozen=True)
class Answer:
    """A reply, for whom it is, and where in the scenario it stands (turn from 0, repetition from 1); None: nowhere."""

    reply: Reply
    session: str
    place: tuple[int, int] | None = None


class Answering:
    """Answers from one scenario. May be used from several threads."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._met: OrderedDict[tuple[str, int, int], int] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, ask: Ask) -> Answer:
        """Return what a request is answered."""
        cast = cast_of_brief(ask.brief)
        session = _session(cast, ask)
        if ask.side_job:
            text = f'{{"title": "{SIDE_ANSWER}"}}' if ask.wants_json else SIDE_ANSWER
            return Answer(self._reply(ask, Turn(usage=_SIDE_USAGE), Said(text)), session)
        act = act_for(self._scenario, cast)
        if act is None:
            return Answer(self._reply(ask, Turn(), Said("No act of this scenario is for this dispatch.")), session)
        return self._played(ask, Script(act, cast), session)

    def _played(self, ask: Ask, script: Script, session: str) -> Answer:
        translator = Translator(ask)
        if ask.text_edits:
            return self._in_text(ask, translator, script, session)
        steps: list[Step] = []
        parts = at = 0
        for told in ask.told:
            at += 1
            if at < parts:
                script.hear(told)
                continue
            step = script.next(told)
            if step is None:
                return Answer(self._reply(ask, Turn(), translator.ended()), session)
            steps.append(step)
            parts, at = translator.count(step), 0
        return self._stepped(ask, translator, steps, at, session)

    def _stepped(self, ask: Ask, translator: Translator, steps: list[Step], at: int, session: str) -> Answer:
        """Return part `at` of the last step; its words and its fault belong to the first part."""
        step = steps[-1]
        calls = translator.parts(step.turn.calls)
        said = translator.said(step.turn.say if at == 0 else "", calls[at], steps if at else steps[:-1])
        fault = self._fault(step, session) if at == 0 else None
        first = {} if at == 0 else {"think": "", "seconds": 0}
        turn = step.turn.model_copy(update={"usage": step.usage, **first})
        return Answer(self._reply(ask, turn, said, fault), session, step.place)

    def _in_text(self, ask: Ask, translator: Translator, script: Script, session: str) -> Answer:
        """Return the whole act as one answer: a client that edits by text asks once and applies what it reads."""
        steps: list[Step] = []
        while (step := script.next(ask.brief if not steps else "")) and len(steps) < MOST_STEPS:
            steps.append(step)
        if not steps:
            return Answer(self._reply(ask, Turn(), translator.ended()), session)
        calls = [call for step in steps for call in step.turn.calls]
        edits = as_blocks(calls) if ask.text_edits == "blocks" else as_listings(calls, ask.brief)
        last = [call for call in calls if isinstance(call, Finish | Petition | Rule)][:1]
        texts = [*(step.turn.say for step in steps), edits, translator.said("", last, steps).say]
        turn = steps[0].turn.model_copy(update={"usage": steps[0].usage})
        said = Said("\n\n".join(filter(None, texts)))
        return Answer(self._reply(ask, turn, said, self._fault(steps[0], session)), session, steps[0].place)

    def _fault(self, step: Step, session: str) -> ScriptedFault | None:
        fault = step.raw.fault
        if fault is None or fault.times is None:
            return fault
        key = (session, *step.place)
        with self._lock:
            met = self._met.pop(key, 0)
            self._met[key] = min(met + 1, fault.times)
            while len(self._met) > MOST_SESSIONS:
                self._met.popitem(last=False)
        return fault if met < fault.times else None

    def _reply(self, ask: Ask, turn: Turn, said: Said, fault: ScriptedFault | None = None) -> Reply:
        return Reply(
            model=ask.model or self._scenario.model,
            think=turn.think if ask.thinks else "",
            say=said.say,
            calls=said.calls,
            usage=turn.usage or _SIDE_USAGE,
            seconds=turn.seconds,
            fault=fault,
            window=self._scenario.window,
        )


def _session(cast: Cast, ask: Ask) -> str:
    """Return what stays the same over the requests of a session, and of a dispatch that is begun again."""
    if cast.chunk:
        return f"{cast.ticket}/{cast.chunk}/{cast.role}/{cast.attempt}"
    return hashlib.sha256(ask.told[-1 if ask.text_edits else 0].encode("utf-8", "replace")).hexdigest()[:16]
