"""A caution as a line of a segment, and back. What is written is plain and holds no secret; what is read is doubted."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from linestop.events.redaction import Redactor
from linestop.memory.cautions.model import Caution
from linestop.text import plain

SCHEMA = 1
MAX_LINE = 2**16  # bytes; a longer line is none of ours
MAX_DETAIL = 500
MAX_WORD = 200  # characters of a name or an id
MAX_PATH = 1_000
_HASH = re.compile(r"[0-9a-f]{64}")
_FIELDS = {field.alias or name for name, field in Caution.model_fields.items()}
_WORDS = ("id", "detector", "run", "ticket", "chunk", "role", "engine", "model")
_HASHES = ("file_hash", "signature")
_ELLIPSIS = "…"
_MOST = 2**53  # of calls, seconds, tokens: what JSON and Parquet hold exactly; engines may claim anything


def harmless(caution: Caution, run: str, hiding: Redactor) -> Caution:
    """Return a caution fit to be kept: plain, without secrets, every text bounded, with an id, its time in UTC."""
    words = {name: _short(getattr(caution, name), MAX_WORD, hiding) for name in _WORDS}
    hashes = {name: value if _HASH.fullmatch(value := getattr(caution, name)) else "" for name in _HASHES}
    words["run"] = words["run"] or _short(run, MAX_WORD, hiding)
    words["id"] = words["id"] or f"{words['run']}:{uuid4().hex[:12]}"
    words["detail"], words["file"] = _short(caution.detail, MAX_DETAIL, hiding), _path(caution.file, hiding)
    numbers: dict[str, float] = {"calls": min(caution.calls, _MOST), "tokens": min(caution.tokens, _MOST)}
    numbers["seconds"] = caution.seconds if caution.seconds <= _MOST else 0.0  # a NaN is none
    return caution.model_copy(update={**words, **hashes, **numbers, "at": in_utc(caution.at)})


def line_of(caution: Caution) -> bytes:
    """Return a caution as its line, the newline included."""
    return caution.model_dump_json(by_alias=True).encode("utf-8", "replace") + b"\n"


def caution_of(record: Mapping[str, Any] | None) -> Caution | None:
    """Return the caution that a line holds; None where it holds none, or one of a kind that is newer than this."""
    if not record or not record.get("id"):
        return None
    try:
        caution = Caution.model_validate(record)
    except ValidationError:
        return None
    if not all(value <= _MOST for value in (caution.attempt, caution.calls, caution.seconds, caution.tokens)):
        return None
    at = in_utc(caution.at)
    return caution if at == caution.at else caution.model_copy(update={"at": at})


def is_newer(record: Mapping[str, Any], caution: Caution | None) -> bool:
    """Return whether a line holds more than the caution read from it: it must not be rewritten by this version."""
    if not record.get("id"):
        return False
    return caution is None or not record.keys() <= _FIELDS or record.get("schema", SCHEMA) != SCHEMA


def in_utc(at: datetime) -> datetime:
    """Return a time in UTC; one without a zone, or at the very edge of all time, is UTC."""
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:  # an engine may claim any time
        return at.replace(tzinfo=UTC)


def _short(text: str, limit: int, hiding: Redactor) -> str:
    """Return a text plain and redacted. Plain first: an escape within a token would hide it."""
    text = hiding.text(plain(text, limit=limit * 10)) if text else ""
    return text if len(text) <= limit else text[: limit - 1] + _ELLIPSIS


def _path(name: str, hiding: Redactor) -> str:
    """Return a path as it is, so that it is found again, as far as it can be printed."""
    return hiding.text(name if name.isprintable() else plain(name, limit=MAX_PATH))[:MAX_PATH]
