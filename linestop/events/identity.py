"""Identities: what makes two calls, two results or two inputs the same (SPEC.md section 4)."""

import hashlib
import json
from typing import Any

_LARGEST_PLAIN = 1e21  # from here on RFC 8785 writes an exponent


def call_identity(tool: str, args: dict[str, Any]) -> str:
    """Return the SHA-256 of the tool's name, a newline and its arguments as canonical JSON (SPEC.md section 4)."""
    return sha256_text(f"{tool}\n{_canonical(args)}")


def _canonical(value: object) -> str:
    """Return RFC 8785 JSON of what arguments hold: keys in the order of UTF-16, a whole float as an integer."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_canonical(str(key))}:{_canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_canonical, value)) + "]"
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_PLAIN
    return json.dumps(int(value) if whole else value, ensure_ascii=False, default=str)  # type: ignore[call-overload]


def sha256_text(text: str) -> str:
    """Return the SHA-256 of a text as UTF-8, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
