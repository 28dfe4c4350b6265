"""What `linestop doctor` says of endpoints: keys by the names of their variables, servers of this machine by asking."""

import pytest

from linestop.deployments.doctor.diagnosis import Diagnosis, State
from linestop.deployments.doctor.endpoints import look_at_endpoints
from linestop.engines import Endpoint
from linestop.policy import Policy
from tests.contracts.local_server_fakes import OllamaFake, serving

NOBODY = Endpoint(url="http://127.0.0.1:9/v1")
QUIET = dict.fromkeys(("ollama", "lmstudio", "llamacpp", "vllm"), NOBODY)


def look(policy: Policy, **environ: str) -> dict[str, Diagnosis]:
    return {one.name: one for one in look_at_endpoints(policy, environ)}


def test_each_endpoint_is_named_with_its_variable_and_never_its_key() -> None:
    found = look(Policy(endpoints=QUIET), ANTHROPIC_API_KEY="sk-very-secret")
    assert {"openai", "anthropic", "gemini", "openrouter", *QUIET} == found.keys()
    assert found["anthropic"].found == "https://api.anthropic.com, ANTHROPIC_API_KEY is set"
    assert found["openai"].found == "https://api.openai.com/v1, OPENAI_API_KEY is not set"
    assert {one.state for one in found.values()} == {State.OK}, "nobody uses them"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("roles", "engines", "name", "users"),
    [
        pytest.param({"maker": "codex"}, {}, "openai", "maker", id="a-preset"),
        pytest.param({"maker": "claude", "checker": "claude"}, {}, "anthropic", "maker, checker", id="two-roles"),
        pytest.param(
            {"checker": "mine"},
            {"mine": {"kind": "model", "model": "m", "endpoint": "openrouter"}},
            "openrouter",
            "checker",
            id="a-model",
        ),
        pytest.param(
            {"maker": "mine"}, {"mine": {"kind": "command", "preset": "codex"}}, "openai", "maker", id="own-settings"
        ),
        pytest.param(
            {"maker": "mine"},
            {"mine": {"kind": "command", "preset": "qwen", "endpoint": "openrouter"}},
            "openrouter",
            "maker",
            id="own-endpoint",
        ),
    ],
)
def test_a_missing_key_is_a_problem_for_the_roles_that_use_it(
    roles: dict[str, str], engines: dict[str, object], name: str, users: str
) -> None:
    policy = Policy.model_validate({"endpoints": QUIET, "roles": roles, "engines": engines})
    found = look(policy)
    bad = [one for one in found.values() if one.state is State.PROBLEM]
    assert [one.name for one in bad] == [name]
    assert bad[0].found.endswith(f"is not set, used by {users}")
    assert bad[0].todo.startswith("set ")


def test_a_local_server_is_asked_what_it_has_and_missed_where_it_is_needed() -> None:
    with serving(OllamaFake()) as fake:
        mine = {"kind": "model", "model": "mid:14b", "endpoint": "vllm"}
        found = look(
            Policy.model_validate(
                {
                    "endpoints": {**QUIET, "ollama": Endpoint(url=f"{fake.url}/v1")},
                    "roles": {"maker": "mine"},
                    "engines": {"mine": mine},
                }
            )
        )
    assert found["ollama"].found.endswith("ollama, 3 models, loaded: mid:14b (8,192 tokens)")
    assert found["vllm"].found == "http://127.0.0.1:9/v1, nothing answers, used by maker"
    assert (found["vllm"].state, found["vllm"].todo) == (State.WARNING, "start its server before a run")


@pytest.mark.parametrize(
    ("budget", "model", "named"),
    [
        pytest.param({"usd": 5}, "our-finetune", ["prices"], id="no-price-and-a-cap"),
        pytest.param({"usd": 5, "prices": {"our-finetune": [1, 2]}}, "our-finetune", [], id="the-owners-price"),
        pytest.param({"usd": 5}, "gpt-5", [], id="a-known-price"),
        pytest.param({}, "our-finetune", [], id="no-cap"),
    ],
)
def test_a_model_whose_dispatches_would_be_refused_is_a_problem(
    budget: dict[str, object], model: str, named: list[str]
) -> None:
    mine = {"kind": "model", "model": model, "endpoint": "openai"}
    policy = {"endpoints": QUIET, "roles": {"maker": "mine"}, "engines": {"mine": mine}, "budget": budget}
    found = look(Policy.model_validate(policy), OPENAI_API_KEY="k")
    bad = [one for one in found.values() if one.state is State.PROBLEM]
    assert [one.name for one in bad] == named
    assert all(f'prices = {{"{model}"' in one.todo for one in bad)
