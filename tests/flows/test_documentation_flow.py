"""The documentation flow on a real server: record, report, commit."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from linestop.deployments.cli.document import document_summary, next_command
from linestop.errors import RepositoryError
from linestop.flows.documentation import documentation
from linestop.wiki import BRANCH, DocumentOrder, DocumentReport, Problem, ProblemKind

ENVIRONMENT = {
    "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "a@x.invalid", "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "a@x.invalid",
}  # fmt: skip


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True, env=ENVIRONMENT)
    return done.stdout.strip()


def commit(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "change")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, {"shop/__init__.py": '"""A shop."""\n', "tasks.py": "raise SystemExit('never imported')\n"})
    return root


async def test_a_run_commits_once_and_records_what_it_did(prefect_server: str, root: Path) -> None:
    first = await documentation(DocumentOrder(repository=str(root)))
    second = await documentation(DocumentOrder(repository=str(root)))
    assert first.commit == git(root, "rev-parse", BRANCH)
    assert (second.commit, second.written, second.waits) == (None, (), False)
    result = json.loads((root / ".linestop/runs" / first.run_id / "result.json").read_text())
    assert (result["kind"], result["outcome"], result["values"]["commit"]) == ("documentation", "done", first.commit)
    assert git(root, "status", "--porcelain") == ""


async def test_a_fix_mends_and_too_many_problems_wait_for_a_person(prefect_server: str, root: Path) -> None:
    commit(root, {"wiki/mine.md": "# Mine\n"})
    found = await documentation(DocumentOrder(repository=str(root)))
    assert [one.kind for one in found.problems] == [ProblemKind.ORPHAN]
    assert next_command(found, root).endswith("--fix")
    mended = await documentation(DocumentOrder(repository=str(root), fix=True))
    assert (mended.problems, [one.kind for one in mended.fixed], mended.waits) == ((), [ProblemKind.ORPHAN], False)
    commit(root, {"wiki/mine.md": "\n".join(f"[x](no{n}.md)" for n in range(12))})
    many = await documentation(DocumentOrder(repository=str(root), fix=True))
    assert (len(many.problems), many.fixed, many.waits) == (12, (), True)


async def test_only_merged_deliveries_are_logged(prefect_server: str, root: Path) -> None:
    base = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "--quiet", "-b", "linestop/t-1")
    commit(root, {"shop/cart.py": '"""Carts."""\n'})
    tip = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "--quiet", "main")
    run = root / ".linestop/runs/20261121T000000-ticket-abc123"
    run.mkdir(parents=True)
    (root / ".linestop/.gitignore").write_text("*\n")
    (run / "result.json").write_text(json.dumps({
        "run_id": run.name, "kind": "ticket", "outcome": "done", "started": "2026-11-21T00:00:00Z",
        "ended": "2026-11-21T00:00:01Z", "values": {"ticket": "T-1", "progress": {"one": tip, "two": "nothing"}},
    }))  # fmt: skip
    first = await documentation(DocumentOrder(repository=str(root)))
    assert "wiki/90_LOG/deliveries.md" not in first.written
    git(root, "merge", "--quiet", "--ff-only", "linestop/t-1")
    second = await documentation(DocumentOrder(repository=str(root)))
    assert "wiki/90_LOG/deliveries.md" in second.written
    assert base != second.base


async def test_a_repository_without_commits_is_refused_with_what_to_do(prefect_server: str, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    with pytest.raises(RepositoryError, match="commit something"):
        await documentation(DocumentOrder(repository=str(tmp_path)))


def test_the_summary_says_what_to_type_next(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = DocumentReport(run_id="r", base="a" * 40, commit="b" * 40, pages=3, written=("wiki/index.md",))
    document_summary(report, root)
    assert f"merge {BRANCH}" in capsys.readouterr().out
    document_summary(report, root, json_=True)
    assert json.loads(capsys.readouterr().out)["pages"] == 3


def test_the_summary_of_too_many_problems_says_that_none_is_mended(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tuple(
        Problem(
            kind=ProblemKind.DEAD_LINK, page="wiki/a.md", detail=f"links to {number}", todo="correct it", target="x"
        )
        for number in range(11)
    )
    document_summary(DocumentReport(run_id="r", base="a" * 40, problems=found, waits=True), root)
    assert "11 problems, more than 10: --fix mends none" in " ".join(capsys.readouterr().out.split())
