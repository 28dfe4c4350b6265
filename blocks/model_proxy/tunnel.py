"""The way out beside the models: HTTP CONNECT, and plain HTTP by absolute URLs, to the hosts that a policy names.

A name is looked up once and the address that was checked is the one connected to: a name that suddenly points into the
owner's network gets nowhere.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlsplit

from linestop.blocks.model_proxy.connection import Reply, Request
from linestop.blocks.model_proxy.requests import HOP_BY_HOP

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_PORTS = {80, 443}  # where a policy names no port
_CONNECT_SECONDS = 15.0
IDLE_SECONDS = 300.0  # without a byte in either direction
_CHUNK_BYTES = 64 * 2**10
_TARGET = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):(\d{1,5})")
_MAX_PORT = 65_535


async def resolved(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a name. Raises OSError where it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


class Tunnels:
    """Lets requests out to `hosts`: exact names, `*.domain` for all below a domain, either with `:port`.

    An address of a private network is reached only where `hosts` names that address itself.
    """

    def __init__(
        self, hosts: Sequence[str], resolve: Resolve = resolved, *, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._hosts = [host.strip().lower() for host in hosts]
        self._resolve = resolve
        self._idle_seconds = idle_seconds

    async def answer(self, request: Request, reply: Reply) -> None:
        """Answer a CONNECT, or a request whose target is a whole URL."""
        connects = request.method == "CONNECT"
        host, port = _connect_target(request.target) if connects else _url_target(request.target)
        if not self.allows(host, port):
            await _say(reply, 403, f"linestop: {host[:253] or 'this target'} is not among the hosts of the policy")
            return
        try:
            address = await self._address(host, port)
            async with asyncio.timeout(_CONNECT_SECONDS):
                theirs = await asyncio.open_connection(address, port)
        except PermissionError as error:
            await _say(reply, 403, f"linestop: {error}")
            return
        except (OSError, TimeoutError, UnicodeError):
            await _say(reply, 502, f"linestop: {host} can't be reached")
            return
        try:
            if connects:
                await self._join(reply, theirs)
            else:
                await self._relay(request, reply, theirs)
        finally:
            theirs[1].transport.abort()

    def allows(self, host: str, port: int) -> bool:
        """Return whether the policy lets a request out to `host` at `port`."""
        for allowed in self._hosts:
            name, _, named_port = allowed.rpartition(":") if re.search(r":\d+$", allowed) else (allowed, "", "")
            if (port == int(named_port) if named_port else port in _PORTS) and _matches(host, name):
                return True
        return False

    async def _address(self, host: str, port: int) -> str:
        """Return the address to connect to. Raises PermissionError where it is a private one."""
        literal = host.strip("[]")
        try:
            ipaddress.ip_address(literal)
        except ValueError:
            addresses = await self._resolve(host, port)
        else:
            return literal  # the policy names this very address
        for address in addresses:
            if not _public(address):
                raise PermissionError(f"{host} is an address of a private network")
        if not addresses:
            raise OSError("no address")
        return addresses[0]

    async def _join(self, reply: Reply, theirs: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        reader, writer = reply.streams()
        await reply.start(200, [])
        heard = _Heard(self._idle_seconds)
        await _both(_pour(reader, theirs[1], heard, reply.early()), _pour(theirs[0], writer, heard))

    async def _relay(
        self, request: Request, reply: Reply, theirs: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        """Send one plain request on and copy the answer's bytes until the other side closes."""
        url = urlsplit(request.target)
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        dropped = HOP_BY_HOP | {b"host", b"content-length", b"expect"}
        lines = [f"{request.method} {path} HTTP/1.1".encode("latin-1"), b"host: " + url.netloc.encode("latin-1")]
        lines += [name + b": " + value for name, value in request.headers if name not in dropped]
        lines += [b"content-length: %d" % len(request.body), b"connection: close", b"", b""]
        theirs[1].write(b"\r\n".join(lines) + request.body)
        await theirs[1].drain()
        await _pour(theirs[0], reply.streams()[1], _Heard(self._idle_seconds))


def _matches(host: str, name: str) -> bool:
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1
    return host == name


def _public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    nat64 = ip in ipaddress.ip_network("64:ff9b::/96")
    return inner.is_global and ip.is_global and not inner.is_multicast and not nat64


def _connect_target(target: str) -> tuple[str, int]:
    """Return host and port of a CONNECT, ("", 0) where it is none that can be used."""
    found = _TARGET.fullmatch(target)
    if not found or not 0 < int(found[2]) <= _MAX_PORT:
        return "", 0
    return found[1].lower().rstrip("."), int(found[2])


def _url_target(target: str) -> tuple[str, int]:
    try:
        url = urlsplit(target)
        port = url.port or 80
    except ValueError:
        return "", 0
    if url.scheme != "http" or "@" in url.netloc or not target.isprintable() or " " in target:
        return "", 0
    return _connect_target(f"[{url.hostname}]:{port}" if ":" in (url.hostname or "") else f"{url.hostname}:{port}")


async def _say(reply: Reply, status: int, text: str) -> None:
    body = text.encode() + b"\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await reply.whole(status, headers, body)


@dataclass
class _Heard:
    """When a byte last went through a tunnel, either way: a long download is no silence of who asked for it."""

    idle_seconds: float
    at: float = field(default_factory=monotonic)

    async def read(self, reader: asyncio.StreamReader) -> bytes:
        """Return the next bytes, none at their end. Raises TimeoutError where both directions are silent."""
        while True:
            try:
                async with asyncio.timeout(self._left()) as clock:
                    chunk = await reader.read(_CHUNK_BYTES)
            except TimeoutError:  # the clock's, or the connection's own
                if not clock.expired() or self._left() <= 0:
                    raise
            else:
                self.at = monotonic()
                return chunk

    def _left(self) -> float:
        return self.at + self.idle_seconds - monotonic()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: _Heard, first: bytes = b"") -> None:
    """Copy bytes until there are none, then say so to the other side; a silence on both sides ends it."""
    chunk = first
    try:
        while True:
            if chunk:
                writer.write(chunk)
                await writer.drain()
            chunk = await heard.read(reader)
            if not chunk:
                break
        if writer.can_write_eof():
            writer.write_eof()
    except (OSError, TimeoutError):
        writer.transport.abort()


async def _both(*works: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
