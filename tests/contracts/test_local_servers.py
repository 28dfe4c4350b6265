"""The contract of a local model server, passed by all four kinds against faithful fakes of their wire formats."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from linestop.blocks.local_servers.asking import Asking
from linestop.blocks.local_servers.servers import load_within, local_server, make_ready, reachable, window_of
from linestop.engines import Endpoint
from linestop.errors import InfraError, ToolError
from linestop.ports import LocalModel, LocalServer
from tests.contracts.local_server_fakes import (
    GIB,
    SIZES,
    TRAINED,
    Fake,
    LlamaRouterFake,
    LlamaSingleFake,
    LmStudioFake,
    OldLmStudioFake,
    OllamaFake,
    VllmFake,
    serving,
)

FAKES: dict[str, Callable[[], Fake]] = {
    "ollama": OllamaFake,
    "lmstudio": LmStudioFake,
    "lmstudio-before-0.4": OldLmStudioFake,
    "llamacpp-router": LlamaRouterFake,
    "llamacpp-one-model": LlamaSingleFake,
    "vllm": VllmFake,
}
LOADERS = ("ollama", "lmstudio", "llamacpp-router")


@pytest.fixture(params=FAKES)
def fake(request: pytest.FixtureRequest) -> Iterator[Fake]:
    with serving(FAKES[request.param]()) as found:
        yield found


@pytest.fixture(params=LOADERS)
def loader(request: pytest.FixtureRequest) -> Iterator[Fake]:
    with serving(FAKES[request.param]()) as found:
        yield found


def server_of(fake: Fake) -> LocalServer:
    found = local_server(Endpoint(url=f"{fake.url}/v1"), seconds=20)
    assert found is not None
    return found


def test_the_kind_is_told_by_its_answers_whatever_the_port_and_the_base(fake: Fake) -> None:
    for base in (fake.url, f"{fake.url}/", f"{fake.url}/v1", f"{fake.url}/v1/"):
        found = local_server(Endpoint(url=base))
        assert found is not None
        assert (found.kind, found.url) == (fake.kind, fake.url)


class Stranger(Fake):
    """A server of another kind that answers every path with a list of models."""

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"models": [{"name": "m"}], "data": [{"id": "m", "object": "model", "owned_by": "someone"}]}


def test_a_server_of_another_kind_is_none_of_them() -> None:
    with serving(Stranger()) as fake:
        assert local_server(Endpoint(url=fake.url)) is None
        assert window_of(Endpoint(url=fake.url), "m") is None
        assert reachable(Endpoint(url=fake.url)) == "a server of another kind"


def test_models_are_listed_with_what_is_known_of_them(fake: Fake) -> None:
    models = {one.name: one for one in server_of(fake).models()}
    assert list(models) == sorted(models)
    mid = models["mid:14b"]
    assert (mid.loaded, mid.window) == (True, 8_192)
    assert mid.trained_window in {TRAINED, 8_192, None}
    assert mid.size_bytes == (SIZES["mid:14b"] if fake.knows_sizes else None)
    assert all(not one.loaded for one in models.values() if one.name != "mid:14b")


def test_a_loaded_model_stays_as_it_is_when_it_is_loaded_again(fake: Fake) -> None:
    loaded = server_of(fake).load("mid:14b", window=99_999)
    assert (loaded.name, loaded.loaded, loaded.window) == ("mid:14b", True, 8_192)
    assert [one for one in fake.asked if one.startswith("POST") and "show" not in one] == []


def test_a_model_that_is_not_there_is_a_clear_error(fake: Fake) -> None:
    with pytest.raises(ToolError) as caught:
        server_of(fake).load("nobody:1b")
    assert caught.value.todo


def test_a_model_is_loaded_and_unloaded(loader: Fake) -> None:
    server = server_of(loader)
    assert server.load("big:70b").loaded
    assert {one.name for one in server.models() if one.loaded} == {"big:70b", "mid:14b"}
    server.unload("mid:14b")
    server.unload("mid:14b")
    assert {one.name for one in server.models() if one.loaded} == {"big:70b"}


@pytest.mark.parametrize("name", ["ollama", "lmstudio"])
def test_a_window_can_be_wished_for(name: str) -> None:
    with serving(FAKES[name]()) as fake:
        assert server_of(fake).load("small:3b", window=20_000).window == 20_000


@pytest.mark.parametrize("name", ["lmstudio-before-0.4", "llamacpp-one-model", "vllm"])
def test_a_server_that_can_not_unload_says_so(name: str) -> None:
    with serving(FAKES[name]()) as fake, pytest.raises(ToolError, match="unload"):
        server_of(fake).unload("mid:14b")


@pytest.mark.parametrize(
    ("budget", "keep", "gone"),
    [
        pytest.param(60 * GIB, (), (), id="all-fit"),
        pytest.param(45 * GIB, (), ("mid:14b",), id="the-largest-leaves-first"),
        pytest.param(40 * GIB, (), ("mid:14b", "small:3b"), id="both-leave"),
        pytest.param(49 * GIB, ("mid:14b",), ("small:3b",), id="what-is-kept-stays"),
    ],
)
def test_models_leave_until_the_wanted_one_fits_the_budget(
    budget: int, keep: tuple[str, ...], gone: tuple[str, ...]
) -> None:
    with serving(OllamaFake(loaded=("mid:14b", "small:3b"))) as fake:
        assert load_within(server_of(fake), "big:70b", budget_bytes=budget, keep=frozenset(keep)) == gone
        assert fake.loaded == {"big:70b", "mid:14b", "small:3b"} - set(gone)


def test_an_endpoint_with_a_budget_of_memory_has_its_model_ready() -> None:
    with serving(OllamaFake(loaded=("mid:14b", "small:3b"))) as fake:
        endpoint = Endpoint(url=f"{fake.url}/v1", memory_gb=45)
        assert make_ready(endpoint, "big:70b") == ("mid:14b",)
        assert make_ready(endpoint, "big:70b") == ()
        assert fake.loaded == {"big:70b", "small:3b"}
        with pytest.raises(ToolError, match="no model"):
            make_ready(endpoint, "nobody:1b")
        with pytest.raises(ToolError, match="no room"):
            make_ready(endpoint.model_copy(update={"memory_gb": 1.0}), "mid:14b")
        assert make_ready(endpoint.model_copy(update={"memory_gb": None}), "nobody:1b") == ()
    with pytest.raises(ToolError, match="can't be kept"):
        make_ready(Endpoint(url="https://api.openai.invalid/v1", memory_gb=1), "gpt-5")


@pytest.mark.parametrize(
    ("name", "budget", "keep"),
    [
        pytest.param("big:70b", 30 * GIB, (), id="larger-than-the-budget"),
        pytest.param("big:70b", 45 * GIB, ("mid:14b",), id="what-is-kept-is-in-the-way"),
        pytest.param("nobody:1b", 99 * GIB, (), id="no-such-model"),
    ],
)
def test_where_there_is_no_room_nothing_leaves(name: str, budget: int, keep: tuple[str, ...]) -> None:
    with serving(OllamaFake(loaded=("mid:14b", "small:3b"))) as fake:
        with pytest.raises(ToolError):
            load_within(server_of(fake), name, budget_bytes=budget, keep=frozenset(keep))
        assert fake.loaded == {"mid:14b", "small:3b"}


def test_a_model_of_unknown_size_is_given_the_whole_budget() -> None:
    with serving(LlamaRouterFake()) as fake:
        assert load_within(server_of(fake), "small:3b", budget_bytes=GIB) == ("mid:14b",)
        assert fake.loaded == {"small:3b"}


def test_a_model_that_fails_to_load_is_an_error_not_an_endless_wait() -> None:
    with serving(LlamaRouterFake()) as fake:
        assert isinstance(fake, LlamaRouterFake)
        fake.fails = True
        with pytest.raises(ToolError, match="did not load"):
            server_of(fake).load("big:70b")


@pytest.mark.parametrize(
    ("name", "model", "window"),
    [
        pytest.param("ollama", "mid:14b", 8_192, id="ollama-loaded"),
        pytest.param("ollama", "small:3b", 4_096, id="ollama-modelfile"),
        pytest.param("ollama", "big:70b", 8_192, id="ollama-loaded-to-know"),
        pytest.param("lmstudio", "big:70b", 8_192, id="lmstudio-loaded-to-know"),
        pytest.param("lmstudio-before-0.4", "mid:14b", 8_192, id="lmstudio-v0"),
        pytest.param("llamacpp-router", "big:70b", 8_192, id="llamacpp-arguments"),
        pytest.param("llamacpp-one-model", "mid:14b", 8_192, id="llamacpp-props"),
        pytest.param("vllm", "mid:14b", 8_192, id="vllm"),
        pytest.param("vllm", "nobody:1b", None, id="not-served"),
        pytest.param("lmstudio-before-0.4", "big:70b", None, id="can-not-be-loaded-to-know"),
    ],
)
def test_the_window_is_read_from_the_server(name: str, model: str, window: int | None) -> None:
    with serving(FAKES[name]()) as fake:
        assert window_of(Endpoint(url=f"{fake.url}/v1"), model) == window


def test_a_window_is_never_asked_of_a_paid_endpoint() -> None:
    assert window_of(Endpoint(url="https://api.openai.invalid/v1"), "gpt-5") is None
    assert reachable(Endpoint(url="https://api.openai.invalid/v1")) == ""


def error_of(ask: Callable[[], tuple[LocalModel, ...]]) -> bool:
    """Return whether asking ends in an error with its remedy; else there must be no models."""
    try:
        assert ask() == ()
    except (ToolError, InfraError) as error:
        return bool(error.found and error.todo)
    return False


NO_ROWS = b'{"models": [1, {"name": 2, "key": []}], "data": [null, {"id": {}}]}'
NONSENSE = (b"<html>", b"[]", b"{}", b'{"models": 3, "data": "x"}', NO_ROWS, b"[" * 5_000)


def test_a_server_that_talks_nonsense_is_an_error_or_has_no_models(fake: Fake) -> None:
    server = server_of(fake)
    for fake.broken in NONSENSE:
        assert error_of(server.models) or fake.broken == NO_ROWS, fake.broken


def test_an_endless_answer_is_cut() -> None:
    with serving(VllmFake()) as fake:
        server = server_of(fake)
        fake.broken = b" " * (9 * 2**20)
        with pytest.raises(InfraError, match="no model server answers"):
            server.models()


def test_a_server_that_is_slow_is_given_up(fake: Fake) -> None:
    found = server_of(fake)
    server = type(found)(Asking(found.url, seconds=0.1))  # type: ignore[call-arg]
    fake.hold = threading.Event()
    try:
        with pytest.raises(InfraError):
            server.models()
        assert window_of(Endpoint(url=fake.url), "mid:14b", seconds=0.1) is None
    finally:
        fake.hold.set()


def test_a_dead_server_is_named_with_its_remedy() -> None:
    endpoint = Endpoint(url="http://127.0.0.1:9/v1")
    with pytest.raises(InfraError) as caught:
        local_server(endpoint)
    assert "127.0.0.1:9" in caught.value.what
    assert (window_of(endpoint, "m"), reachable(endpoint)) == (None, "")


def test_what_answers_is_told_in_a_line(fake: Fake) -> None:
    line = reachable(Endpoint(url=f"{fake.url}/v1"))
    assert line.startswith(f"{fake.kind}, ")
    assert line.endswith("loaded: mid:14b (8,192 tokens)")


def test_a_key_is_sent_where_the_endpoint_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LM_API_TOKEN", "t")
    with serving(VllmFake()) as fake:
        assert local_server(Endpoint(url=fake.url, key="LM_API_TOKEN")) is not None
