"""The loop of the model engine: ask the model, do what it calls for, until it has answered or must end.

Owns turns, caps, nudges, blocked calls, compaction and what counts as an answer. One call of the model is
`model_engine_requests`', one of a tool `model_engine_tools`'.
"""

from dataclasses import dataclass
from time import monotonic

from pydantic_ai.messages import ModelRequestPart, ModelResponse, ToolCallPart, ToolReturnPart

from linestop.blocks.model_engine.answers import Answers
from linestop.blocks.model_engine.clocks import BrokeOffError, Clocks
from linestop.blocks.model_engine.history import History
from linestop.blocks.model_engine.prompt import ASKED, CUT
from linestop.blocks.model_engine.record import Record
from linestop.blocks.model_engine.requests import Requests, TooLongError
from linestop.blocks.model_engine.shell import CellShell
from linestop.blocks.model_engine.tools import Tools
from linestop.blocks.model_engine.window import Window
from linestop.events import Fault, Outcome
from linestop.ports import Work
from linestop.spending import Meter
from linestop.watch import LiveLog

_MAX_CALLS = 32  # of one answer that are made
_MAX_EMPTY = 3  # answers in a row that say and do nothing
_TOO_MANY = f"not made: only the first {_MAX_CALLS} calls of an answer are"
_BLOCKED = "linestop refuses this call: {why}. It was made before, to no avail. Do something else."


@dataclass(frozen=True)
class Loop:
    """One dispatch, ready to run."""

    requests: Requests
    tools: Tools
    answers: Answers
    history: History
    window: Window
    clocks: Clocks
    record: Record
    events: LiveLog
    meter: Meter
    shell: CellShell
    turns: int
    looks_only: bool

    async def run(self) -> Work:
        """Return what the agent says it did, or why it broke off.

        Raises:
            BusyError, InfraError, ToolError: as `Requests.answer`.
        """
        try:
            await self._turns()
        except BrokeOffError as ended:
            return self.answers.work(broke_off=str(ended))
        return self.answers.work()

    async def _turns(self) -> None:
        asked, empty = False, 0
        while not self.answers.given:
            response = await self._asked()
            calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
            self.history.answered(response)
            if calls:
                asked, empty = False, 0
                await self._do(calls)
            elif not (response.text or "").strip():
                empty += 1
                self._emptied(response, empty)
            elif response.finish_reason == "length":
                self.history.say(CUT.format(tokens=self.window.max_output_tokens))
            elif asked:
                await self._settle_for(response.text or "")
            else:
                asked = True
                self.history.say(ASKED[self.looks_only])

    async def _asked(self) -> ModelResponse:
        """Return the model's next answer, after what the caps, the watch and the window say."""
        self.clocks.check()
        self._within_caps()
        if nudge := self.events.take_nudge():
            self.history.say(nudge)
        if self.window.is_full(self.history.chars):
            self._compact("the conversation nears the model's window")
        self.record.turn += 1
        sent = self.history.chars
        try:
            response = await self._answer()
        except TooLongError:
            self.window.refused(sent)
            response = await self._asked_shorter()
        else:
            self.window.measured(sent, response.usage.input_tokens)
        return response

    async def _asked_shorter(self) -> ModelResponse:
        gone = self._compact("the provider says that the prompt is longer than the model's window")
        try:
            if gone:
                return await self._answer()
        except TooLongError:
            pass
        raise BrokeOffError("the prompt is longer than the model's window, also after its compaction")

    async def _answer(self) -> ModelResponse:
        expected = self.window.expected(self.history.chars)
        return await self.requests.answer(self.history.messages, expected_tokens=expected)

    def _compact(self, why: str) -> int:
        before = self.history.chars
        gone = self.history.compact(min(self.window.target_chars, before * 3 // 4))
        self.record.limit(
            Fault.CONTEXT, f"compaction: {why}; {before} characters became {self.history.chars}", compaction=True
        )
        return gone

    def _within_caps(self) -> None:
        why = self.meter.refusal()
        if why is None and self.record.turn >= self.turns:
            why = f"{self.record.turn} of {self.turns} model calls are made"
        if why:
            self.record.limit(Fault.BUDGET, why)
            raise BrokeOffError(f"its limits are used up: {why}")

    async def _do(self, calls: list[ToolCallPart]) -> None:
        """Make the calls of one answer, one after another. What stands after an answer to the task is not made."""
        told: list[ModelRequestPart] = []
        for number, call in enumerate(calls):
            if self.answers.given:
                break
            text = await self._call(call) if number < _MAX_CALLS else _TOO_MANY
            told.append(ToolReturnPart(tool_name=call.tool_name, content=text, tool_call_id=call.tool_call_id))
        self.history.told(told)

    async def _call(self, call: ToolCallPart) -> str:
        self.clocks.check()
        try:
            args, wrong = call.args_as_dict(raise_if_invalid=True), ""
        except (ValueError, AssertionError):
            args, wrong = {"malformed": str(call.args)}, "the arguments are no JSON object: call it again with them"
        shared = self.record.called(call.tool_name, args, call.tool_call_id)
        self.clocks.check()  # what was just put on record may be what the watch stops for
        begin = monotonic()
        if why := self.events.blocked(shared["identity"]):
            text, outcome = _BLOCKED.format(why=why), Outcome.DENIED
        elif wrong:
            text, outcome = wrong, Outcome.ERROR
        else:
            text, outcome = await self._tool(call, args, shared, begin)
        self.record.answered(shared, text, outcome, monotonic() - begin)
        return text

    async def _tool(
        self, call: ToolCallPart, args: dict[str, object], shared: dict[str, object], begin: float
    ) -> tuple[str, Outcome]:
        try:
            return await self.tools.call(call.tool_name, args)
        except BrokeOffError as ended:
            self.record.answered(shared, f"ended: {ended}", Outcome.TIMEOUT, monotonic() - begin)
            raise

    def _emptied(self, response: ModelResponse, empty: int) -> None:
        if empty >= _MAX_EMPTY:
            raise BrokeOffError(f"the model gave {empty} empty answers in a row")
        cut = response.finish_reason == "length"
        self.history.say(CUT.format(tokens=self.window.max_output_tokens) if cut else ASKED[self.looks_only])

    async def _settle_for(self, text: str) -> None:
        """Take an agent's last words for its answer, once it was asked for one: where there is work to be judged."""
        if self.looks_only:
            raise BrokeOffError("it ended without a ruling, also when it was asked for one")
        if await self.clocks.threaded(self.shell.changed) is False:
            raise BrokeOffError("it ended without finish or petition, and changed nothing")
        self.answers.said(text)
