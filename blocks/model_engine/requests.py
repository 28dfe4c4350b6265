"""Model calls of the model engine: streamed, bounded by clocks, tried again a few times where that can help.

Owns the tries and what is raised after them. What an error means is `model_engine_faults`'; what is done with an
answer is the loop's.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings as RequestSettings

from linestop.blocks.model_engine.clocks import BrokeOffError, Clocks
from linestop.blocks.model_engine.faults import CutStreamError, HungError, OddAnswerError, Trouble, trouble_of
from linestop.blocks.model_engine.hearing import sound_response, usage_of
from linestop.blocks.model_engine.record import Record
from linestop.blocks.model_engine.voice import Voice
from linestop.engines import Endpoint
from linestop.errors import BusyError, InfraError, LinestopError, ToolError
from linestop.events import Fault
from linestop.spending import Meter

_BUSY_SECONDS = 60.0  # to come back after an overload where the provider names no time
_UNREADABLE = (AttributeError, KeyError, IndexError, TypeError, ValueError)
_HUNG_SHARE = 0.9  # of the idle clock: a dead call is the provider's fault, and is told before the watch sees silence


@dataclass(frozen=True)
class Patience:
    """How often and how long a model call is tried again inside the loop, before somebody else waits."""

    tries: int = 4
    first_pause_seconds: float = 0.5  # doubled with each try
    longest_pause_seconds: float = 10.0


class TooLongError(Exception):
    """The prompt is longer than the model's window, the provider says."""


@dataclass(frozen=True)
class Requests:
    """Asks one model."""

    model: Model
    endpoint: Endpoint
    provider: str
    settings: RequestSettings
    parameters: ModelRequestParameters
    clocks: Clocks
    record: Record
    meter: Meter
    idle_seconds: float
    patience: Patience

    async def answer(self, messages: Sequence[ModelMessage], *, expected_tokens: int) -> ModelResponse:
        """Return the model's answer. `expected_tokens` is what counts as sent where the server counts nothing.

        Raises:
            BrokeOffError: the dispatch must end. TooLongError: the prompt doesn't fit.
            BusyError: the provider is to be asked later. InfraError: it doesn't answer. ToolError: it refuses us.
        """
        tried = 0
        while True:
            tried += 1
            try:
                return await self.clocks.guard(self._once(messages, expected_tokens))
            except BrokeOffError:
                raise
            except Exception as error:
                trouble = trouble_of(error)
                if trouble is None:
                    raise
                pause = self._pause(trouble, tried)
                self.record.trouble(trouble.fault, trouble.text, retry_at=trouble.until)
                if pause is None:
                    raise self._end(trouble, tried) from error
            await self.clocks.pause(pause)

    async def _once(self, messages: Sequence[ModelMessage], expected_tokens: int) -> ModelResponse:
        """Ask once. The idle clock runs from one piece of the stream to the next."""
        idle = self.idle_seconds * _HUNG_SHARE
        stream: StreamedResponse | None = None
        voice = Voice(self.record)
        try:
            async with asyncio.timeout(idle) as clock:
                asked = model_request_stream(
                    self.model, messages, model_settings=self.settings, model_request_parameters=self.parameters
                )
                async with asked as stream:
                    async for event in stream:
                        clock.reschedule(asyncio.get_running_loop().time() + idle)
                        voice.hear(event)
        except TimeoutError as error:
            raise HungError(f"no answer for {idle:g} seconds") from error
        except _UNREADABLE as error:  # the libraries take what a server sends for what it should be
            raise OddAnswerError(f"its answer can't be read: {type(error).__name__}: {error}") from error
        finally:
            if stream is not None:
                self._count(stream, expected_tokens, voice.heard)
        response = sound_response(stream.get())
        if response.finish_reason is None or response.state != "complete":
            raise CutStreamError("the stream ended before the answer did")
        voice.speak(response)
        return response

    def _count(self, stream: StreamedResponse, expected_tokens: int, heard_chars: int) -> None:
        """Count what a call used, also one that broke off after its first words."""
        usage = usage_of(stream.usage, sent_tokens=expected_tokens, heard_chars=heard_chars)
        if usage.input or usage.output:
            self.meter.add(self.model.model_name, usage, self.provider)

    def _pause(self, trouble: Trouble, tried: int) -> float | None:
        """Return how long to wait before the next try, None where there is to be none."""
        if not trouble.again or tried >= self.patience.tries:
            return None
        backoff = self.patience.first_pause_seconds * 2 ** (tried - 1)
        named = (trouble.until - datetime.now(UTC)).total_seconds() if trouble.until else 0.0
        pause = max(backoff, named)
        fits = pause <= min(self.patience.longest_pause_seconds, self.clocks.left_seconds)
        return pause if fits else None

    def _end(self, trouble: Trouble, tried: int) -> Exception:
        where = f"the model {self.model.model_name} at {self.endpoint.url}"
        if trouble.fault is Fault.CONTEXT:
            return TooLongError(trouble.text)
        if trouble.fault is Fault.AUTH:
            variable = f"the key in the environment variable {self.endpoint.key}" if self.endpoint.key else "the key"
            todo = f"correct {variable}, or top up its account" if self.endpoint.key else "set `key` of the endpoint"
            return ToolError(f"{where} refuses {variable}", found=trouble.text, todo=todo)
        if trouble.unknown_model:
            todo = "correct `model` of the engine or `url` of its endpoint in .linestop/config.toml"
            return ToolError(f"{where} is not there", found=trouble.text, todo=todo)
        if trouble.busy:
            return _busy(where, trouble, tried)
        if trouble.again or trouble.fault is Fault.NETWORK:
            return _gone(where, trouble, tried)
        return BrokeOffError(f"the provider refused the request: {trouble.text}")


def _busy(where: str, trouble: Trouble, tried: int) -> LinestopError:
    until = trouble.until or datetime.now(UTC) + timedelta(seconds=_BUSY_SECONDS)
    what = "limits our rate" if trouble.fault is Fault.RATE_LIMIT else "is overloaded"
    return BusyError(
        f"{where} {what}",
        found=f"{trouble.text} ({tried} tries)",
        todo=f"nothing: it is asked again at {until:%Y-%m-%d %H:%M:%S} UTC",
        until=until,
    )


def _gone(where: str, trouble: Trouble, tried: int) -> LinestopError:
    what = {Fault.MALFORMED: "gives no sound answer", Fault.OVERLOAD: "is broken"}.get(trouble.fault, "doesn't answer")
    return InfraError(f"{where} {what}", found=f"{trouble.text} ({tried} tries)", todo="see whether it is up")
