"""What is said of an agent's command that broke off: in its own words, short and plain, and who is to blame."""

from collections import deque

import pytest

from linestop.blocks.command_engine.stream import Heard
from linestop.blocks.command_engine.verdict import Witnesses, verdict
from linestop.errors import ToolError
from linestop.events import Fault
from linestop.ports import Ran

SAID = "The model `x` can't do that."
JSON = '{"error": {"message": "The model `x` can\'t do that.", "type": "invalid_request_error"}}'
NESTED = '{"message": "{\\"error\\": {\\"message\\": \\"The model `x` can\'t do that.\\"}}"}'


def saw(heard: Heard, *, stderr: str = "", unknown: bool = False, answered: bool = False) -> Witnesses:
    return Witnesses(
        agent="codex",
        ran=Ran(exit_code=1, seconds=1),
        heard=heard,
        role="maker",
        stderr=stderr,
        proxy_fault=Fault.OTHER,
        unknown=unknown,
        answered=answered,
    )


@pytest.mark.parametrize(
    ("heard", "stderr"),
    [
        pytest.param(Heard(fault=Fault.OTHER, fault_text=SAID), "", id="a fault of its stream"),
        pytest.param(Heard(error=SAID), "", id="an error that only the proxy knows the kind of"),
        pytest.param(Heard(ended=True, messages=deque([SAID])), "", id="its last message"),
        pytest.param(Heard(error=f"APIError: {SAID} {JSON}"), "", id="JSON beside words"),
        pytest.param(Heard(error=f"[API Error: {JSON}]"), "", id="JSON"),
        pytest.param(Heard(error=NESTED), "", id="JSON in JSON"),
        pytest.param(Heard(), f"\x1b[31m{SAID}\n", id="its stderr"),
    ],
)
def test_an_error_is_told_in_the_agents_own_words(heard: Heard, stderr: str) -> None:
    assert verdict(saw(heard, stderr=stderr)).broke_off == f"codex ended with an error: {SAID}"


def test_a_long_error_is_cut() -> None:
    assert len(verdict(saw(Heard(error="no " * 5_000))).broke_off) < 400


def test_a_model_that_the_provider_does_not_know_is_no_failed_attempt() -> None:
    with pytest.raises(ToolError, match="no such model") as caught:
        verdict(saw(Heard(error=f"APIError: {JSON}"), unknown=True))
    assert caught.value.found == SAID
    assert verdict(saw(Heard(error=SAID), unknown=True, answered=True)).broke_off, "a side call's model says nothing"
