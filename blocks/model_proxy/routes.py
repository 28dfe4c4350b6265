"""Which requests the model proxy passes on: an allow-list of the paths of model APIs, each with the wire it speaks.

Everything else at the provider (files, fine-tuning, keys, batches, assistants) stays out of an agent's reach.
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from linestop.engines import Endpoint, Wire

Shape = Literal["openai-chat", "openai-responses", "anthropic", "gemini"]
_MODEL = r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,199}"
_VERSION = r"(?:v1|v1beta|v1alpha|api/v1)/"
_MAX_QUERY = 2_000
_SECRET_PARAMETERS = {"key", "api_key", "apikey", "api-key", "access_token", "token"}


@dataclass(frozen=True)
class Route:
    """A request that may be passed on: upstream URL, the wire of its answer, and whether it uses tokens."""

    url: str
    wire: Wire
    counted: bool
    model: str = ""  # where the path names it, as Gemini's does


@dataclass(frozen=True)
class _Rule:
    method: str
    pattern: re.Pattern[str]
    wire: Wire | None  # None: that of the endpoint
    counted: bool


def _rule(method: str, pattern: str, wire: Wire | None, *, counted: bool = True) -> _Rule:
    return _Rule(method, re.compile(rf"(?:{_VERSION})?{pattern}"), wire, counted)


_RULES = (
    _rule("POST", "chat/completions", Wire.OPENAI_CHAT),
    _rule("POST", "embeddings", Wire.OPENAI_CHAT),
    _rule("POST", "responses", Wire.OPENAI_RESPONSES),
    _rule("POST", "responses/compact", Wire.OPENAI_RESPONSES),
    _rule("POST", "messages", Wire.ANTHROPIC),
    _rule("POST", "messages/count_tokens", Wire.ANTHROPIC, counted=False),
    _rule("POST", rf"models/(?P<model>{_MODEL}):(?:generateContent|streamGenerateContent)", Wire.GEMINI),
    _rule("POST", rf"models/(?P<model>{_MODEL}):countTokens", Wire.GEMINI, counted=False),
    _rule("GET", rf"models(?:/{_MODEL}){{0,3}}", None, counted=False),
)


def route(endpoint: Endpoint, method: str, path: str, query: str) -> Route | None:
    """Return where a request goes, None where it may not be passed on.

    `path` is what follows the endpoint's name, without a leading slash and still quoted as the client sent it; `query`
    is what follows `?`. A version that both the endpoint's URL and the path name is sent once.
    """
    if ".." in path or len(query) > _MAX_QUERY or not query.isprintable() or not query.isascii():
        return None
    for rule in _RULES:
        if rule.method == method and (found := rule.pattern.fullmatch(path)):
            model = found.groupdict().get("model") or ""
            return Route(_joined(endpoint.url, path) + _cleaned(query), rule.wire or endpoint.wire, rule.counted, model)
    return None


def _joined(base: str, path: str) -> str:
    base = base.rstrip("/")
    first, _, rest = path.partition("/")
    return f"{base}/{rest}" if base.endswith(f"/{first}") and rest else f"{base}/{path}"


def _cleaned(query: str) -> str:
    """Return the query without a key that the client put in it; the order and the quoting of the rest stay."""
    parts = [part for part in query.split("&") if part]
    kept = [part for part in parts if unquote(part.partition("=")[0]).lower() not in _SECRET_PARAMETERS]
    return "?" + "&".join(kept) if kept else ""
