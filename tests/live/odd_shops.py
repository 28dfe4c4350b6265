"""A small repository to be made odd, and what of one nobody may touch."""

import hashlib
import subprocess
from pathlib import Path

STOCK = "import json\n\n\ndef count(items):\n    return len(items)\n"
TEST = "from shop.stock import count\n\n\ndef test_count():\n    assert count('ab') == 2\n"
PROJECT = '[project]\nname = "shop"\nversion = "1"\n[tool.pytest.ini_options]\npythonpath = ["."]\n'


def git(folder: Path, *words: str) -> None:
    owner = ("-c", "user.name=Owner", "-c", "user.email=o@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *owner, *words], cwd=folder, check=True, capture_output=True)


def shop(root: Path) -> Path:
    files = {"shop/__init__.py": "", "shop/stock.py": STOCK, "tests/test_stock.py": TEST, "pyproject.toml": PROJECT}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-qb", "main")
    for message in ("first", "second"):
        (root / "notes.txt").write_text(message)
        git(root, "add", "-A")
        git(root, "commit", "-qm", message)
    return root


def state_of(root: Path) -> dict[str, object]:
    """Return each file's bytes and time, the index's and HEAD's too; linestop's own state apart."""
    inside = [path for path in root.rglob("*") if not {".git", ".linestop"}.intersection(path.relative_to(root).parts)]
    watched = [*inside, *(path for path in (root / ".git/index", root / ".git/HEAD", root / "HEAD") if path.is_file())]
    return {str(path): _seen(path) for path in watched}


def _seen(path: Path) -> object:
    status = path.lstat()
    return (status.st_mtime_ns, status.st_mode, hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b"")
