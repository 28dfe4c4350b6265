"""What the model proxy reads in a client's request, and the little it changes: keys, hop-by-hop headers, usage."""

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from linestop.blocks.model_proxy.reach import WATCHED, errand
from linestop.engines import Endpoint, Wire
from linestop.events import Fault

MAX_MODEL_CHARS = 200
MAX_OBJECTS, MAX_ITEMS, MAX_STRINGS = 50_000, 500_000, 500_000  # of a body: a million tokens of context stay below
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
Headers = list[tuple[bytes, bytes]]
_SHOWN_CHARS = 40
_USUAL = {  # whatever else stands there may cost twice as much and more
    "service_tier": {"auto", "default", "standard", "standard_only", "flex", "batch"},
    "speed": {"standard"},
}
HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
# What says who asks and whose account pays is linestop's word; the rest is set anew for the way to the provider.
_REPLACED = {
    b"authorization",
    b"x-api-key",
    b"x-goog-api-key",
    b"api-key",
    b"cookie",
    b"openai-organization",
    b"openai-project",
    b"x-goog-user-project",
    b"host",
    b"expect",
    b"accept-encoding",
    b"content-length",
    b"content-encoding",
    b"forwarded",
    b"via",
    b"x-real-ip",
    b"x-http-method-override",  # some servers take what these name for the method and the path
    b"x-http-method",
    b"x-method-override",
    b"x-original-url",
    b"x-rewrite-url",
}


class BadRequestError(ValueError):
    """A request that can't be passed on; its text is for the client."""

    def __init__(self, text: str, fault: Fault = Fault.MALFORMED) -> None:
        super().__init__(text)
        self.fault = fault


@dataclass(frozen=True)
class Asked:
    """A request as it goes upstream, and as it came. `adds_usage`: usage is asked for in the client's stead."""

    model: str
    body: bytes
    came: bytes
    surcharge: str = ""  # what makes it dearer than the known price

    @property
    def adds_usage(self) -> bool:
        """Return whether the client didn't ask for the usage that its answer will hold."""
        return self.body is not self.came

    def as_it_came(self) -> Self:
        """Return the request with nothing added."""
        return replace(self, body=self.came)


def read_request(
    wire: Wire, body: bytes, *, model: str = "", encoding: str = "", add_usage: bool = True, web: bool = False
) -> Asked:
    """Return what a client asks; `model` is the one its path names, `web` lets the provider reach what it likes.

    Raises:
        BadRequestError: the body is no JSON object, or asks for what can't be counted or leads out of the sandbox.
    """
    body = _decoded(body, encoding)
    if _is_intricate(body):
        raise BadRequestError("the request's body has too many parts")
    try:
        asked = json.loads(body, object_pairs_hook=_said_once)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"the request's body is no JSON that can be used: {error}") from error
    if not isinstance(asked, dict):
        raise BadRequestError("the request's body is no JSON object")
    if asked.get("background"):
        raise BadRequestError("background answers are not passed on: nobody could count them")
    model = model or str(asked.get("model") or "")
    if len(model) > MAX_MODEL_CHARS:
        raise BadRequestError("the model's name is too long")
    if not web and (where := errand(asked, wire, model)):
        raise BadRequestError(
            f"the provider is asked to reach {where}, and the sandbox's network is not open", Fault.OTHER
        )
    if not (add_usage and wire is Wire.OPENAI_CHAT and asked.get("stream")):
        return Asked(model, body, body, _surcharge(asked))
    return replace(_with_usage(model, body, asked), surcharge=_surcharge(asked))


def _surcharge(asked: Mapping[str, Any]) -> str:
    """Return what a request asks for that costs more than the tokens it uses, as providers' price lists say."""
    found = ((name, str(asked.get(name) or "")) for name in _USUAL)
    return next(
        (f"{name} {value[:_SHOWN_CHARS]!r}" for name, value in found if value and value not in _USUAL[name]), ""
    )


def _is_intricate(body: bytes) -> bool:
    """Return whether reading a body would hold up everybody else: it is data by the million, not text."""
    if body.count(b'"') > 2 * MAX_STRINGS:
        return True
    if body.count(b"{") + body.count(b"[") <= MAX_OBJECTS and body.count(b",") <= MAX_ITEMS:
        return False
    bare = _STRING.sub(b"", body)
    return bare.count(b"{") + bare.count(b"[") > MAX_OBJECTS or bare.count(b",") > MAX_ITEMS


def _said_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says twice what is looked at here: which one counts would be the provider's choice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs if key in WATCHED]
        if twice := next((key for key in names if names.count(key) > 1), ""):
            raise ValueError(f"it names `{twice}` twice")
    return found


def _with_usage(model: str, body: bytes, asked: dict[str, Any]) -> Asked:
    options = asked.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage"):
        return Asked(model, body, body)
    if "stream_options" not in asked:  # every other byte stays as the client wrote it
        at = body.index(b"{") + 1
        return Asked(model, body[:at] + b'"stream_options":{"include_usage":true},' + body[at:], body)
    asked["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    return Asked(model, json.dumps(asked).encode(), body)


def _decoded(body: bytes, encoding: str, limit: int = 32 * 2**20) -> bytes:
    if encoding in {"", "identity"}:
        return body
    if encoding not in {"gzip", "deflate"}:
        raise BadRequestError(f"a request body in {encoding[:20]} can't be read: send it plain or as gzip")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        plain = unpacker.decompress(body, limit)
    except zlib.error as error:
        raise BadRequestError(f"the request's body can't be unpacked: {error}") from error
    if unpacker.unconsumed_tail:
        raise BadRequestError("the request's body is too large once unpacked")
    return plain


def upstream_headers(headers: Iterable[tuple[bytes, bytes]], endpoint: Endpoint, key: str) -> Headers:
    """Return a client's headers as the provider gets them: without its keys, with the real one.

    `headers` has lower-case names.
    """
    headers = list(headers)
    dropped = HOP_BY_HOP | _REPLACED | _listed(headers)
    kept = [(name, value) for name, value in headers if name not in dropped and not name.startswith(b"x-forwarded-")]
    return [*kept, (b"accept-encoding", b"identity"), *_key_header(endpoint.wire, key)]


def _key_header(wire: Wire, key: str) -> Headers:
    if not key:
        return []
    if wire is Wire.ANTHROPIC:
        return [(b"x-api-key", key.encode())]
    if wire is Wire.GEMINI:
        return [(b"x-goog-api-key", key.encode())]
    return [(b"authorization", f"Bearer {key}".encode())]


def client_headers(headers: Iterable[tuple[bytes, bytes]], *, keeps_length: bool) -> Headers:
    """Return an answer's headers as the client gets them."""
    headers = [(name.lower(), value) for name, value in headers]
    dropped = HOP_BY_HOP | {b"set-cookie", b"alt-svc"} | _listed(headers)
    if not keeps_length:
        dropped |= {b"content-length"}
    return [(name, value) for name, value in headers if name not in dropped]


def _listed(headers: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    """Return the names that a Connection header makes hop-by-hop."""
    return {one.strip().lower() for name, value in headers if name == b"connection" for one in value.split(b",")}
