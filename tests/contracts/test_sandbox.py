"""The Sandbox port's contract for what needs no daemon; docker passes the same suite in tests/live."""

import shutil

import pytest

from linestop.blocks.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.ports import Sandbox
from tests.contracts.sandbox_suite import IsolationContract, SandboxContract


class TestPlainSandbox(SandboxContract):
    @pytest.fixture
    def sandbox(self) -> Sandbox:
        return PlainSandbox()


@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed: apt install bubblewrap")
class TestBubblewrapSandbox(IsolationContract):
    @pytest.fixture
    def sandbox(self) -> Sandbox:
        return BubblewrapSandbox()
