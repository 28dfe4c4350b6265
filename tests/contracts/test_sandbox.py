"""The Sandbox port's contract for what needs no daemon; docker passes the same suite in tests/live."""

import shutil
from pathlib import Path

import pytest

from linestop.blocks.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.ports import Sandbox
from tests.contracts.sandbox_suite import IsolationContract, SandboxContract, history_is_shown, repository


class TestPlainSandbox(SandboxContract):
    @pytest.fixture
    def sandbox(self) -> Sandbox:
        return PlainSandbox()


@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed: apt install bubblewrap")
class TestBubblewrapSandbox(IsolationContract):
    @pytest.fixture
    def sandbox(self) -> Sandbox:
        return BubblewrapSandbox()

    def test_a_path_of_bytes_that_are_no_text_is_a_path(self, sandbox: Sandbox, tmp_path: Path) -> None:
        history_is_shown(sandbox, repository(tmp_path / "no\udcfftext"))
