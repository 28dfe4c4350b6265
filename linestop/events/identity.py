"""Identities: what makes two calls, two results or two inputs the same (SPEC.md section 4).

Which arguments of a call are its key ones is tools.py's.
"""

import hashlib
import json
from typing import Any, cast

import rfc8785

_LARGEST_EXACT = 2**53  # RFC 8785 knows no larger integer
_LARGEST_PLAIN = 1e21  # from here on RFC 8785 writes an exponent
_MAX_DEPTH = 60  # levels; deeper arguments are told apart by their beginning


def canonical(value: object) -> bytes:
    """Return RFC 8785 JSON of a value. What the RFC refuses (huge integers, NaN, lone surrogates) is plain JSON."""
    if _is_simple(value, 0):  # JSON as Python writes it is canonical then, and ten times as fast
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # refuses by itself what it can't take
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError):
        return _lenient(value, 0).encode("utf-8", "surrogatepass")


def input_hash(args: dict[str, Any]) -> str:
    """Return the SHA-256 of all arguments of a call, in hex."""
    return hashlib.sha256(canonical(args)).hexdigest()


def identity_of(tool: str, key: dict[str, Any]) -> str:
    """Return the SHA-256 of a tool's name, a newline and its key arguments as canonical JSON."""
    return hashlib.sha256(tool.encode("utf-8", "surrogatepass") + b"\n" + canonical(key)).hexdigest()


def sha256_text(text: str) -> str:
    """Return the SHA-256 of a text as UTF-8, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _is_simple(value: object, depth: int) -> bool:
    """Return whether Python's JSON of a value is its canonical form: no float, no odd key, no huge integer."""
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, int):
        return -_LARGEST_EXACT < value < _LARGEST_EXACT
    if depth > _MAX_DEPTH:
        return False
    if isinstance(value, dict):
        return all(type(key) is str and key.isascii() and _is_simple(one, depth + 1) for key, one in value.items())
    return isinstance(value, list | tuple) and all(_is_simple(one, depth + 1) for one in value)


def _lenient(value: object, depth: int) -> str:
    """Return JSON in the order and number format of RFC 8785 of what the RFC has no form for."""
    if depth > _MAX_DEPTH:
        return '"…"'
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_lenient(str(key), 0)}:{_lenient(value[key], depth + 1)}" for key in keys) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_lenient(one, depth + 1) for one in value) + "]"
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_PLAIN
    return json.dumps(int(cast(float, value)) if whole else value, ensure_ascii=False, default=str)
