"""A key the policy doesn't know is answered with those it does."""

from pathlib import Path

import pytest

from linestop.errors import PolicyError
from linestop.paths import Layout
from linestop.policy import load_policy


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        pytest.param("[audi]\nx = 1\n", "use one of: audit, checks", id="a section"),
        pytest.param("[audit]\nmax_plan = 1\n", "max_plans, timeout_seconds", id="a key of a section"),
        pytest.param("[audit]\nmax_plans = 99\n", "correct it", id="a value out of bounds"),
    ],
)
def test_a_wrong_policy_says_what_is_right(tmp_path: Path, text: str, advice: str) -> None:
    layout = Layout(tmp_path)
    layout.config.parent.mkdir()
    layout.config.write_text(text)
    with pytest.raises(PolicyError) as caught:
        load_policy(layout)
    assert advice in caught.value.todo
