"""Asks a local model server over HTTP: bounded in time and size, with every failure as one of our errors."""

import json
import ssl
import time
from functools import lru_cache
from typing import Any

import httpx

from linestop.errors import InfraError, ToolError

QUERY_SECONDS = 3.0
LOAD_SECONDS = 600.0  # tens of gigabytes from a disk
MAX_BYTES = 8 * 2**20
_OK = 200
_SHOWN = 200


class Asking:
    """Asks one server. `url` may be its root or its OpenAI-compatible base (`…/v1`).

    A question raises InfraError where the server is dead or too slow, ToolError where it refuses or answers no JSON.
    """

    def __init__(self, url: str, *, key: str = "", seconds: float = QUERY_SECONDS) -> None:
        self.root = url.rstrip("/").removesuffix("/v1").rstrip("/")
        self.seconds = seconds
        self._headers = {"authorization": f"Bearer {key}"} if key else {}

    def get(self, path: str, **query: str) -> Any:
        """Return the JSON at a path."""
        return self._ask("GET", path, query=query, seconds=self.seconds)

    def post(self, path: str, body: dict[str, Any], *, seconds: float | None = None) -> Any:
        """Return the JSON that answers a body."""
        return self._ask("POST", path, body=body, seconds=seconds or self.seconds)

    def look(self, path: str) -> Any:
        """Return the JSON at a path, None where there is none: for telling servers apart."""
        try:
            return self.get(path)
        except ToolError:
            return None

    def _ask(
        self, method: str, path: str, *, seconds: float, query: dict[str, str] | None = None, body: Any = None
    ) -> Any:
        try:
            # never through the owner's HTTP proxy, never where it redirects to
            with (
                httpx.Client(trust_env=False, verify=_tls(), timeout=seconds, headers=self._headers) as client,
                client.stream(method, self.root + path, params=query or None, json=body) as response,
            ):
                raw = _read(response, until=time.monotonic() + seconds)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise InfraError(
                f"no model server answers at {self.root}",
                found=f"{type(error).__name__} {error}".strip(),
                todo="start it, or correct the endpoint's url",
            ) from error
        return self._answer(path, response.status_code, raw)

    def _answer(self, path: str, status: int, raw: bytes) -> Any:
        try:
            answer = json.loads(raw)
        except (ValueError, RecursionError):
            answer = None
        if status == _OK and answer is not None:
            return answer
        raise ToolError(
            f"the model server at {self.root} refuses {path}" if status != _OK else f"{self.root}{path} is no JSON",
            found=f"HTTP {status}: {raw[:_SHOWN].decode('utf-8', 'replace')}",
            todo="look into the server's own log",
        )


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _read(response: httpx.Response, *, until: float) -> bytes:
    """Return the body. Raises OSError where it is too large or comes too slowly."""
    raw = bytearray()
    for part in response.iter_bytes():
        raw += part
        if len(raw) > MAX_BYTES:
            raise OSError(f"the answer is larger than {MAX_BYTES} bytes")
        if time.monotonic() > until:
            raise TimeoutError("the answer comes too slowly")
    return bytes(raw)


def rows(answer: Any, name: str) -> list[dict[str, Any]]:
    """Return the objects of a list in an answer; what is none is left out."""
    found = answer.get(name) if isinstance(answer, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def listed(answer: Any, name: str, *, url: str) -> list[dict[str, Any]]:
    """Return the objects of a list in an answer. Raises ToolError where there is no such list."""
    if isinstance(answer, dict) and isinstance(answer.get(name), list):
        return rows(answer, name)
    raise ToolError(
        f"the model server at {url} answers what is no list of models",
        found=repr(answer)[:_SHOWN],
        todo="update the server, or correct the endpoint's url",
    )


def number(value: Any) -> int | None:
    """Return a positive whole number, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value) if int(value) > 0 else None
    except ValueError:
        return None


def text(value: Any) -> str:
    """Return a text, empty for anything else."""
    return value if isinstance(value, str) else ""
