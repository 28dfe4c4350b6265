"""The way out to the hosts of a policy: who is let out, who is not, and that no name bends to a private network."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from linestop.blocks.model_proxy.proxy import ModelProxy
from linestop.blocks.model_proxy.tunnel import Tunnels
from linestop.blocks.prices import GenaiPrices
from linestop.ports import Limits
from linestop.spending import Meter
from tests.contracts.canned_upstream import Upstream, canned_upstream, reply


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with canned_upstream() as found:
        found.answer = lambda seen: [reply({"said": "hello"})]
        yield found


def port_of(upstream: Upstream) -> str:
    return upstream.url.rpartition(":")[2]


@contextmanager
def link(*hosts: str, idle_seconds: float = 60, **resolved: Sequence[str]) -> Iterator[socket.socket]:
    """Connect to a proxy that lets out to `hosts`; names are looked up in `resolved`, dots as underscores."""

    async def look_up(host: str, port: int) -> Sequence[str]:
        if (found := resolved.get(host.replace(".", "_"))) is None:
            raise OSError("no such name")
        return found

    meter = Meter(Limits(), prices=GenaiPrices({}))
    served = ModelProxy({}, meter=meter, hosts=hosts, resolve=look_up, idle_seconds=idle_seconds)
    with served as proxy, socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(proxy.socket))
        yield client


def head_of(client: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got and (more := client.recv(4096)):
        got += more
    return got


def all_of(client: socket.socket) -> bytes:
    got = b""
    while more := client.recv(65536):
        got += more
    return got


def test_a_tunnel_carries_bytes_both_ways(upstream: Upstream) -> None:
    target = f"127.0.0.1:{port_of(upstream)}"
    with link(target) as client:
        client.sendall(f"CONNECT {target} HTTP/1.1\r\nhost: {target}\r\nproxy-authorization: x\r\n\r\n".encode())
        assert head_of(client).startswith(b"HTTP/1.1 200 ")
        client.sendall(b"GET /inside HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b'{"said": "hello"}' in all_of(client)
    assert [(seen.method, seen.path) for seen in upstream.seen] == [("GET", "/inside")]


def test_a_long_download_is_no_silence_and_a_silence_ends_it(upstream: Upstream) -> None:
    parts = [threading.Event() for _ in range(8)]
    upstream.answer = lambda seen: [one for part in parts for one in (part, b"x")] + [threading.Event()]
    target = f"127.0.0.1:{port_of(upstream)}"
    with link(target, idle_seconds=0.6) as client:
        client.sendall(f"CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\nGET / HTTP/1.1\r\n\r\n".encode())
        assert head_of(client).startswith(b"HTTP/1.1 200 ")
        for place, part in enumerate(parts, start=1):
            threading.Timer(place * 0.15, part.set).start()
        assert all_of(client) == b"x" * 8


def test_what_is_sent_before_the_tunnel_stands_is_not_lost(upstream: Upstream) -> None:
    target = f"127.0.0.1:{port_of(upstream)}"
    with link(target) as client:
        early = "GET /early HTTP/1.1\r\nhost: x\r\n\r\n"
        client.sendall(f"CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\n{early}".encode())
        assert b'{"said": "hello"}' in all_of(client)
    assert upstream.seen[0].path == "/early"


def test_a_plain_request_goes_by_its_whole_url(upstream: Upstream) -> None:
    target = f"127.0.0.1:{port_of(upstream)}"
    with link(target) as client:
        request = (
            f"POST http://{target}/a/b?c=d HTTP/1.1\r\nhost: elsewhere\r\nproxy-connection: x\r\ncontent-length: 2"
        )
        client.sendall(f"{request}\r\nx-kept: 1\r\n\r\nhi".encode())
        assert b'{"said": "hello"}' in all_of(client)
    (seen,) = upstream.seen
    assert (seen.path, seen.body, seen.headers["host"], seen.headers["x-kept"]) == ("/a/b?c=d", b"hi", target, "1")
    assert "proxy-connection" not in seen.headers


@pytest.mark.parametrize(
    ("target", "status"),
    [
        pytest.param("evil.org:443", b"403", id="not-named"),
        pytest.param("good.org.evil.org:443", b"403", id="named-as-a-beginning"),
        pytest.param("notgood.org:443", b"403", id="named-as-an-end"),
        pytest.param("good.org:22", b"403", id="another-port"),
        pytest.param("127.0.0.1:443", b"403", id="loopback"),
        pytest.param("169.254.169.254:80", b"403", id="cloud-metadata"),
        pytest.param("[::1]:443", b"403", id="loopback-v6"),
        pytest.param("0x7f000001:443", b"403", id="loopback-in-hex"),
        pytest.param("good.org:0", b"403", id="no-port"),
        pytest.param("good.org:99999", b"403", id="no-such-port"),
        pytest.param("good.org@evil.org:443", b"40", id="user-and-host"),
        pytest.param("good.org", b"403", id="without-a-port"),
        pytest.param("bent.org:443", b"403", id="name-of-a-loopback-address"),
        pytest.param("mapped.org:443", b"403", id="name-of-a-mapped-address"),
        pytest.param("cloud.org:443", b"403", id="name-of-the-metadata-service"),
        pytest.param("lan.org:443", b"403", id="name-of-a-private-address"),
        pytest.param("mixed.org:443", b"403", id="one-of-two-addresses-is-private"),
        pytest.param("nat.org:443", b"403", id="private-through-nat64"),
        pytest.param("gone.org:443", b"502", id="no-such-name"),
    ],
)
def test_nobody_is_let_out_elsewhere(target: str, status: bytes) -> None:
    names = ("bent", "mapped", "cloud", "lan", "mixed", "nat", "gone", "good")
    with link(
        *(f"{name}.org" for name in names),
        good_org=["127.0.0.1"],
        bent_org=["127.0.0.1"],
        mapped_org=["::ffff:10.0.0.1"],
        cloud_org=["169.254.169.254"],
        lan_org=["192.168.1.1"],
        mixed_org=["1.1.1.1", "10.0.0.1"],
        nat_org=["64:ff9b::a00:1"],
    ) as client:
        client.sendall(f"CONNECT {target} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        assert head_of(client).split(b" ")[1].startswith(status)


def test_a_name_is_looked_up_once(upstream: Upstream) -> None:
    """A name is looked up once: a second answer, for the connection, would be a way in."""
    asked: list[str] = []

    async def rebound(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["203.0.113.7"] if len(asked) == 1 else ["127.0.0.1"]

    meter = Meter(Limits(), prices=GenaiPrices({}))
    target = f"twice.org:{port_of(upstream)}"
    with ModelProxy({}, meter=meter, hosts=[target], resolve=rebound) as proxy, socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(proxy.socket))
        client.sendall(f"CONNECT {target} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        assert head_of(client).split(b" ")[1] in {b"403", b"502"}
    assert (asked, upstream.seen) == (["twice.org"], [])


@pytest.mark.parametrize(
    ("host", "port", "allowed"),
    [
        ("pypi.org", 443, True),
        ("pypi.org", 80, True),
        ("pypi.org", 8080, False),
        ("files.pythonhosted.org", 443, True),
        ("a.b.pythonhosted.org", 443, True),
        ("pythonhosted.org", 443, False),
        ("evilpythonhosted.org", 443, False),
        ("mirror.corp", 8443, True),
        ("mirror.corp", 443, False),
        ("", 443, False),
    ],
)
def test_hosts_are_exact_names_or_all_below_a_domain(host: str, port: int, *, allowed: bool) -> None:
    assert Tunnels(["PyPI.org", "*.pythonhosted.org", "mirror.corp:8443"]).allows(host, port) is allowed


def test_closing_ends_open_tunnels(upstream: Upstream) -> None:
    never = threading.Event()
    upstream.answer = lambda seen: [never]
    target = f"127.0.0.1:{port_of(upstream)}"
    meter = Meter(Limits(), prices=GenaiPrices({}))
    with socket.socket(socket.AF_UNIX) as client:
        with ModelProxy({}, meter=meter, hosts=[target]) as proxy:
            client.settimeout(20)
            client.connect(str(proxy.socket))
            client.sendall(f"CONNECT {target} HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n".encode())
            assert b" 200 " in head_of(client)
            assert upstream.came.acquire(timeout=60)
        assert client.recv(1) == b""
    never.set()
