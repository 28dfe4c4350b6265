"""A word that an order refuses is the user's to correct, not an error to be reported."""

import pytest
from cyclopts import App

from linestop.deployments.cli.errors import guarded
from linestop.execution.order import ExecutionOrder


@pytest.mark.parametrize(
    ("option", "word"),
    [("maker", "no such engine"), ("batch", "UPPER"), ("parallel", "99"), ("maker", "\x1b[2Jx")],
    ids=["maker", "batch", "parallel", "escape-sequence"],
)
def test_it_is_named_with_its_option(option: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    app = App()

    @app.default
    def command(value: str) -> None:
        ExecutionOrder.model_validate({"repository": "/tmp/shop", option: value})

    assert guarded(app, ["--value", word]) == 2
    said = capsys.readouterr().err
    assert f"--{option} can't be" in said
    assert "report it" not in said
    assert "\x1b" not in said


def test_an_error_of_ours_is_still_to_be_reported(capsys: pytest.CaptureFixture[str]) -> None:
    app = App()

    @app.default
    def command() -> None:
        raise ValueError("ours")

    assert guarded(app, []) == 1
    assert "report it" in capsys.readouterr().err
