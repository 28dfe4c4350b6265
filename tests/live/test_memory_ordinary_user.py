"""An ordinary user whose memory is read-only, or another user's: what can be read is told, what can't is said.

Root may write everywhere: the same memory is used again as nobody.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from linestop.memory.lessons import Tier
from linestop.paths import Layout, global_lessons
from tests.live.test_sandbox_ordinary_user import NOBODY, ROOT, _as_nobody, _environment, _python, home
from tests.unit.test_memory_broken import fingerprints, taught

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user"),
]
__all__ = ["home"]
USED = """
import json, sys
from pathlib import Path
from linestop.memory.memory import Memory
from linestop.paths import Layout
from linestop.policy import MemoryPolicy
from tests.unit.test_memory_broken import used
said = []
told = used(Memory(Layout(Path(sys.argv[1])), MemoryPolicy(), say=said.append))
print(json.dumps({"said": said, "lessons": [one.id for one in told.lessons], "signs": len(told.signs)}))
"""


@pytest.fixture
def layout(home: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Return a repository that remembers something, all of it nobody's own."""
    monkeypatch.setenv("LINESTOP_HOME", str(home / "home"))
    (home / "shop").mkdir()
    layout = Layout(home / "shop").ensure()
    taught(layout.lessons)
    taught(global_lessons(), Tier.GLOBAL)
    layout.cautions.mkdir()
    layout.tickets.mkdir()
    for path in (home, *home.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    return layout


def as_nobody(layout: Layout) -> dict[str, object]:
    environment = _environment(str(layout.root.parent)) | {"LINESTOP_HOME": str(layout.root.parent / "home")}
    argv = [*_as_nobody(), _python(), "-c", USED, str(layout.root)]
    done = subprocess.run(argv, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout))


def test_an_ordinary_user_has_a_memory(layout: Layout) -> None:
    assert as_nobody(layout) == {"said": [], "lessons": ["l-repository", "l-global"], "signs": 1}


def test_what_is_read_only_is_told_and_what_is_lost_is_said(layout: Layout) -> None:
    for path in (layout.state, *layout.state.rglob("*"), global_lessons().parent, global_lessons()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = fingerprints(layout)
    found = as_nobody(layout)
    assert found["lessons"] == ["l-repository", "l-global"]
    said = found["said"]
    assert isinstance(said, list)
    assert ["home" in said[0], "no right to write" in said[0], len(said)] == [True, True, 3], said
    assert all("Permission denied" in one for one in said[1:])
    assert fingerprints(layout) == before


def test_what_is_another_users_is_said_and_the_rest_is_told(layout: Layout) -> None:
    for path in (layout.lessons, layout.cautions, layout.tickets):
        os.chown(path, 0, 0)
        path.chmod(0o700 if path.is_dir() else 0o600)
    found = as_nobody(layout)
    assert found["lessons"] == ["l-global"]
    assert 3 <= len(found["said"]) <= 5, found  # type: ignore[arg-type]
