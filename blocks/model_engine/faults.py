"""What a model call's error means for the dispatch: to be tried again, to come back later, or the end.

Reads pydantic-ai's exceptions; what a status and its headers say is `linestop.engines.provider_faults`'. The tries
themselves are `model_engine_requests`'.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelServerError,
    ModelUnavailableError,
    UnexpectedModelBehavior,
)

from linestop.engines.provider_faults import fault_of, retry_at
from linestop.events import Fault
from linestop.events.redaction import redacted

_MAX_TEXT = 500
_KINDS: tuple[tuple[tuple[type[ModelAPIError], ...], Fault], ...] = (  # the first that fits
    ((ModelContextWindowExceededError,), Fault.CONTEXT),
    ((ModelAuthenticationError, ModelQuotaExceededError), Fault.AUTH),
    ((ModelRateLimitError,), Fault.RATE_LIMIT),
    ((ModelUnavailableError, ModelServerError), Fault.OVERLOAD),
    ((ModelNotFoundError,), Fault.OTHER),
)
_PASSING = frozenset({Fault.RATE_LIMIT, Fault.OVERLOAD, Fault.NETWORK, Fault.MALFORMED})


class CutStreamError(Exception):
    """A stream ended before the model's answer did."""


class OddAnswerError(Exception):
    """An answer is none that the libraries can read."""


class HungError(Exception):
    """A model call gave nothing for so long that it counts as dead."""


@dataclass(frozen=True)
class Trouble:
    """What went wrong with a model call. `again`: it may succeed later, at `until` where the provider names a time.

    `busy`: it works but won't serve us now, while a broken one may stay broken.
    """

    fault: Fault
    text: str
    again: bool = False
    busy: bool = False
    until: datetime | None = None
    unknown_model: bool = False


def trouble_of(error: BaseException) -> Trouble | None:
    """Return what a model call's error means; None for one that is no trouble of the model's."""
    text = _text(error)
    if isinstance(error, HungError):
        return Trouble(Fault.NETWORK, text)
    if isinstance(error, CutStreamError):
        return Trouble(Fault.NETWORK, text, again=True)
    if isinstance(error, ContentFilterError):
        return Trouble(Fault.OTHER, f"the provider's content filter refused: {text}")
    if isinstance(error, UnexpectedModelBehavior | OddAnswerError):
        return Trouble(Fault.MALFORMED, text, again=True)
    return _of_api(error, text) if isinstance(error, ModelAPIError) else None


def _of_api(error: ModelAPIError, text: str) -> Trouble:
    named = next((fault for kinds, fault in _KINDS if isinstance(error, kinds)), None)
    fault = named or _uncategorised(error, text)
    return Trouble(
        fault,
        text,
        again=fault in _PASSING,
        busy=fault in {Fault.RATE_LIMIT, Fault.OVERLOAD} and not isinstance(error, ModelServerError),
        until=_until(error) if fault in {Fault.RATE_LIMIT, Fault.OVERLOAD} else None,
        unknown_model=isinstance(error, ModelNotFoundError),
    )


def _uncategorised(error: ModelAPIError, text: str) -> Fault:
    if isinstance(error, ModelHTTPError):
        return fault_of(error.status_code, _body(error)) or Fault.OTHER
    malformed = isinstance(error.__cause__, ValueError) or "decode" in text.lower()
    return Fault.MALFORMED if malformed else Fault.NETWORK


def _until(error: ModelAPIError) -> datetime | None:
    headers = error.headers if isinstance(error, ModelHTTPError) else None
    found = retry_at(headers or {}, _body(error))
    if found is None and error.retry_after is not None:
        found = retry_at({"retry-after": str(error.retry_after)})
    return found.astimezone(UTC) if found else None


def _body(error: ModelAPIError) -> bytes:
    body = error.body
    if isinstance(body, str | bytes):
        return body.encode() if isinstance(body, str) else body
    wrapped = body if isinstance(body, dict) and "error" in body else {"error": body}  # the libraries unwrap it
    return json.dumps(wrapped, default=str).encode()


def _text(error: BaseException) -> str:
    return redacted(" ".join((str(error) or type(error).__name__).split()))[:_MAX_TEXT]
