"""requirements.lock: every version is pinned by its hashes, and nothing names where it comes from."""

import re
from pathlib import Path

LOCK = (Path(__file__).resolve().parents[2] / "requirements.lock").read_text(encoding="utf-8")
_ENTRY = re.compile(
    r"[a-z0-9][a-z0-9._-]*(?:\[[a-z0-9, _-]+\])?==[^\s;]+(?: ; [^\n]+?)?(?: --hash=sha256:[0-9a-f]{64})+"
)


def test_every_version_is_pinned_with_hashes() -> None:
    entries = LOCK.replace("\\\n", "").strip().splitlines()
    assert len(entries) > 50
    assert [entry[:60] for entry in entries if not _ENTRY.fullmatch(" ".join(entry.split()))] == []


def test_it_names_no_address() -> None:
    assert re.findall(r"\S*://\S*|--(?:extra-)?index-url.*|--find-links.*|^-e .*", LOCK, re.MULTILINE) == []
