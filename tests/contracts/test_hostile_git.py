"""A hostile repository runs nothing, writes nothing outside its worktree, and is left exactly as it was."""

import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from linestop.blocks.git_commands import GitCommands
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.changes import REGULAR, SUBMODULE
from linestop.errors import InfraError, LinestopError, RepositoryError

HOOKS = (
    "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit", "prepare-commit-msg",
    "commit-msg", "post-commit", "pre-rebase", "post-checkout", "post-merge", "pre-push", "pre-auto-gc", "post-rewrite",
    "reference-transaction", "post-index-change", "fsmonitor-watchman", "sendemail-validate", "push-to-checkout",
)  # fmt: skip
NAMES = (
    "a b.py", "new\nline.py", "üñí.py", "-rf", "--version", ":(exclude)*", ":!x", "*", "[a]", "'q'", '"dq"', "tab\t.py",
    "back\\slash", "$(touch pwned)", "a=b", "#hash", "~", "\udcff\udcfe.bin", "deep/-d/ x",
)  # fmt: skip


def git(root: Path, *words: str) -> str:
    config = ("-c", "user.name=Owner", "-c", "user.email=o@example.org", "-c", "protocol.file.allow=always")
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        ["git", *config, *words], cwd=root, env=env, check=True, capture_output=True, text=True, errors="replace"
    ).stdout


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    (root / "src").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "src/shop.py").write_text("price = 1\n")
    (root / "tests/test_shop.py").write_text("def test_it():\n    assert True\n")
    git(root, "init", "-qb", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")
    return root


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Path]:
    """A program that leaves a mark when it is run; the test fails where the mark is there at its end."""
    mark, program = tmp_path / "pwned", tmp_path / "trap.sh"
    program.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    program.chmod(0o755)
    yield program
    assert not mark.exists(), "the repository ran a program"


def every_operation(root: Path) -> None:
    """Use each verb of a workspace once, with content that passes through filters, drivers and hooks."""
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    (tree / "src/shop.py").write_text("price = 2\n")
    (tree / "src/new.py").write_text("new = 1\n")
    workspaces.snapshot(tree)
    commit = workspaces.commit(tree, message="feat: price\n")
    assert commit is not None
    workspaces.diff(tree, base, commit)
    assert {change.path for change in workspaces.changes(base, commit)} == {"src/shop.py", "src/new.py"}
    workspaces.contains("main", commit)
    check = workspaces.checkout("t1-check", commit)
    workspaces.restore(check, commit=base, paths=workspaces.changed(base, commit))
    assert (check / "src/shop.py").read_text() == "price = 1\n"
    workspaces.reset(tree, base)
    workspaces.close("t1-check")
    workspaces.close("t1")


def test_no_hook_of_the_repository_runs(root: Path, trap: Path) -> None:
    for name in HOOKS:
        (root / ".git/hooks" / name).write_text(trap.read_text())
        (root / ".git/hooks" / name).chmod(0o755)
    every_operation(root)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"core.hooksPath": "HOOKS"}, id="hooks in another folder"),
        pytest.param({"core.fsmonitor": "TRAP"}, id="fsmonitor"),
        pytest.param({"core.editor": "TRAP", "sequence.editor": "TRAP", "core.pager": "TRAP"}, id="editor and pager"),
        pytest.param({"pager.diff": "TRAP", "pager.config": "TRAP", "pager.cherry": "TRAP"}, id="pagers of commands"),
        pytest.param({"filter.x.clean": "TRAP", "filter.x.smudge": "TRAP"}, id="clean and smudge"),
        pytest.param({"filter.x.process": "TRAP", "filter.x.required": "true"}, id="required process filter"),
        pytest.param({"filter.a=b.smudge": "TRAP", "filter.a=b.clean": "TRAP"}, id="a filter whose name has ="),
        pytest.param({"filter.X y\tz.smudge": "TRAP"}, id="a filter whose name has blanks"),
        pytest.param({"diff.x.textconv": "TRAP", "diff.x.command": "TRAP"}, id="diff drivers"),
        pytest.param({"diff.external": "TRAP"}, id="external diff"),
        pytest.param({"merge.x.driver": "TRAP"}, id="merge driver"),
        pytest.param({"commit.gpgSign": "true", "gpg.program": "TRAP", "user.signingKey": "x"}, id="signing"),
        pytest.param({"gpg.format": "ssh", "gpg.ssh.program": "TRAP", "commit.gpgSign": "true"}, id="ssh signing"),
        pytest.param({"alias.commit-tree": "!TRAP", "alias.add": "!TRAP", "alias.worktree": "!TRAP"}, id="aliases"),
        pytest.param({"trailer.x.cmd": "TRAP", "trailer.x.command": "TRAP"}, id="trailers"),
        pytest.param({"core.sshCommand": "TRAP", "core.askPass": "TRAP", "core.gitProxy": "TRAP"}, id="transports"),
        pytest.param({"core.alternateRefsCommand": "TRAP", "uploadpack.packObjectsHook": "TRAP"}, id="packing"),
    ],
)
def test_no_program_that_the_configuration_names_runs(root: Path, trap: Path, settings: dict[str, str]) -> None:
    hooks = trap.parent / "hooks"
    hooks.mkdir()
    for name in HOOKS:
        (hooks / name).write_text(trap.read_text())
        (hooks / name).chmod(0o755)
    driver = "a=b" if any("a=b" in name for name in settings) else "x"
    (root / ".gitattributes").write_text(f"* filter={driver} diff=x merge=x\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "attributes")
    (root / ".git/info/attributes").write_text("*.py filter=x diff=x\n")
    for name, value in settings.items():
        git(root, "config", name, value.replace("TRAP", str(trap)).replace("HOOKS", str(hooks)))
    every_operation(root)


def test_settings_that_another_file_brings_are_found_too(root: Path, trap: Path) -> None:
    (root / ".git/more").write_text(f'[filter "x"]\n\tsmudge = {trap}\n\tclean = {trap}\n')
    git(root, "config", "include.path", "more")
    git(root, "config", "includeIf.gitdir:/.path", "more")
    (root / ".git/info/attributes").write_text("* filter=x\n")
    every_operation(root)


def test_a_filter_that_must_not_fail_is_left_out_instead(root: Path) -> None:
    git(root, "config", "filter.x.clean", "false")
    git(root, "config", "filter.x.required", "true")
    (root / ".git/info/attributes").write_text("* filter=x\n")
    every_operation(root)


def test_variables_of_a_hook_that_started_linestop_do_not_lead_git_elsewhere(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: Path
) -> None:
    index = root / ".git/index"
    before = index.read_bytes()
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    monkeypatch.setenv("GIT_DIR", str(root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(root))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(trap))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(tmp_path))
    every_operation(root)
    assert index.read_bytes() == before
    assert (root / "src/shop.py").read_text() == "price = 1\n"


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% PWNED", "--upload-pack=touch PWNED", "file:///nowhere", "ssh://-oProxyCommand=touch/x"]
)
def test_a_submodule_is_never_fetched(root: Path, trap: Path, url: str) -> None:
    url = url.replace("PWNED", str(trap.parent / "pwned"))
    (root / ".gitmodules").write_text(f'[submodule "s"]\n\tpath = s\n\turl = {url}\n\tupdate = !{trap}\n')
    git(root, "config", "submodule.recurse", "true")
    git(root, "config", "submodule.s.url", url)
    git(root, "config", "submodule.s.update", f"!{trap}")
    git(root, "config", "submodule.s.active", "true")
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{git(root, 'rev-parse', 'HEAD').strip()},s")
    git(root, "add", ".gitmodules")
    git(root, "commit", "-qm", "submodule")
    every_operation(root)


def test_a_missing_object_of_a_partial_clone_is_not_fetched(root: Path, trap: Path) -> None:
    for name, value in {
        "extensions.partialClone": "evil", "remote.evil.promisor": "true", "remote.evil.url": f"ext::{trap} x",
        "remote.evil.uploadpack": str(trap), "protocol.ext.allow": "always", "core.repositoryFormatVersion": "1",
    }.items():  # fmt: skip
        git(root, "config", name, value)
    assert GitWorkspaces(root).read("main", "src/none.py") is None
    assert not GitCommands(root / ".git").ok("cat-file", "-e", "1234567890123456789012345678901234567890")
    every_operation(root)


@pytest.mark.parametrize(
    ("indexed", "shown"),
    [
        pytest.param(False, {"src/vendor/code.py": REGULAR}, id="its files are judged as files"),
        pytest.param(True, {"src/vendor": SUBMODULE}, id="a link that the agent added shows as a submodule"),
    ],
)
def test_a_nested_repository_runs_nothing_and_is_seen(
    root: Path, trap: Path, *, indexed: bool, shown: dict[str, str]
) -> None:
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    nested = tree / "src/vendor"
    nested.mkdir()
    git(nested, "init", "-q")
    (nested / "code.py").write_text("x = 1\n")
    git(nested, "add", "-A")
    git(nested, "commit", "-qm", "nested")
    if indexed:
        git(tree, "add", "-A")
    git(nested, "config", "core.fsmonitor", str(trap))
    commit = workspaces.commit(tree, message="nested\n")
    assert commit is not None
    assert {one.path: one.after_mode for one in workspaces.changes(base, commit)} == shown


def test_a_nested_repository_without_a_commit_does_not_stop_the_work(root: Path) -> None:
    workspaces = GitWorkspaces(root)
    tree = workspaces.open("t1", branch="linestop/t1", base=workspaces.head("main"))
    (tree / "empty").mkdir()
    git(tree / "empty", "init", "-q")
    assert workspaces.commit(tree, message="nothing\n") is None


def test_a_link_to_a_commit_that_an_agent_put_into_the_index_shows_as_a_submodule(root: Path) -> None:
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    (tree / "sub").mkdir()
    git(tree, "update-index", "--add", "--cacheinfo", f"160000,{base},sub")
    commit = workspaces.commit(tree, message="link\n")
    assert commit is not None
    (change,) = workspaces.changes(base, commit)
    assert (change.path, change.after_mode, change.after) == ("sub", SUBMODULE, None)


def test_nothing_is_written_or_removed_through_a_link_that_leads_out(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "test_shop.py").write_text("theirs\n")
    (outside / "extra.py").write_text("theirs\n")
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    (tree / "tests/test_shop.py").unlink()
    (tree / "tests").rmdir()
    (tree / "tests").symlink_to(outside)
    (tree / "abroad").symlink_to(outside)
    commit = workspaces.commit(tree, message="links\n")
    assert commit is not None
    check = workspaces.checkout("t1-check", commit)
    workspaces.restore(check, commit=base, paths=("tests/test_shop.py", "tests/extra.py", "abroad/extra.py"))
    assert not (check / "tests").is_symlink()
    assert (check / "tests/test_shop.py").read_text() == "def test_it():\n    assert True\n"
    workspaces.reset(tree, base)
    workspaces.close("t1")
    workspaces.close("t1-check")
    assert sorted(path.name for path in outside.iterdir()) == ["extra.py", "test_shop.py"]
    assert {path.read_text() for path in outside.iterdir()} == {"theirs\n"}


def test_a_folder_where_a_file_was_is_restored(root: Path) -> None:
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    (tree / "tests/test_shop.py").unlink()
    (tree / "tests/test_shop.py").mkdir()
    (tree / "tests/test_shop.py/deep.py").write_text("x\n")
    commit = workspaces.commit(tree, message="folder\n")
    assert commit is not None
    check = workspaces.checkout("c", commit)
    workspaces.restore(check, commit=base, paths=("tests/test_shop.py", "tests/test_shop.py/deep.py"))
    assert (check / "tests/test_shop.py").is_file()


def test_a_worktree_that_is_itself_replaced_by_a_link_is_not_followed(root: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "keep").write_text("keep\n")
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    tree.rename(tmp_path / "moved")
    tree.symlink_to(victim)
    with pytest.raises(RepositoryError):
        workspaces.reset(tree, base)
    assert workspaces.open("t1", branch="linestop/t1", base=base).is_symlink() is False
    workspaces.close("t1")
    assert [path.name for path in victim.iterdir()] == ["keep"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_file_of_any_name_is_committed_read_and_restored(root: Path, name: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("old\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "name")
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    (tree / name).write_text("new\n")
    commit = workspaces.commit(tree, message="name\n")
    assert commit is not None
    assert workspaces.changed(base, commit) == (name,)
    assert [(one.path, one.before, one.after) for one in workspaces.changes(base, commit)] == [
        (name, b"old\n", b"new\n")
    ]
    assert workspaces.read(commit, name) == b"new\n"
    check = workspaces.checkout("c", commit)
    workspaces.restore(check, commit=base, paths=(name,))
    assert (check / name).read_text() == "old\n"
    assert (check / "src/shop.py").exists()
    workspaces.restore(check, commit=workspaces.head("main~1"), paths=(name,))
    assert not (check / name).exists()
    assert not list(tree.rglob("pwned"))


def test_a_git_file_that_was_tampered_with_is_never_read(root: Path, tmp_path: Path, trap: Path) -> None:
    evil = tmp_path / "evil"
    evil.mkdir()
    git(evil, "init", "-q")
    git(evil, "config", "core.fsmonitor", str(trap))
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    (tree / ".git").write_text(f"gitdir: {evil}/.git\n")
    (tree / "src/shop.py").write_text("price = 3\n")
    commit = workspaces.commit(tree, message="x\n")
    assert commit is not None
    assert workspaces.changed(base, commit) == ("src/shop.py",)
    workspaces.reset(tree, base)
    workspaces.close("t1")
    assert evil.is_dir()
    assert not tree.exists()
    assert workspaces.open("t1", branch="linestop/t1", base=base) == tree


def test_a_git_folder_in_place_of_the_git_file_is_never_read(root: Path, trap: Path) -> None:
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    (tree / ".git").unlink()
    git(tree, "init", "-q")
    git(tree, "config", "core.fsmonitor", str(trap))
    (tree / "src/shop.py").write_text("price = 3\n")
    commit = workspaces.commit(tree, message="x\n")
    assert commit is not None
    assert workspaces.changed(base, commit) == ("src/shop.py",)


def test_a_worktree_put_on_the_base_branch_is_refused_and_made_anew(root: Path) -> None:
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    git(tree, "symbolic-ref", "HEAD", "refs/heads/main")
    (tree / "src/shop.py").write_text("price = 3\n")
    with pytest.raises(RepositoryError, match="another branch"):
        workspaces.commit(tree, message="on main\n")
    with pytest.raises(RepositoryError, match="another branch"):
        workspaces.reset(tree, base)
    assert workspaces.head("main") == base
    again = workspaces.open("t1", branch="linestop/t1", base=base)
    assert (again / "src/shop.py").read_text() == "price = 1\n"
    assert git(again, "symbolic-ref", "HEAD").strip() == "refs/heads/linestop/t1"


def test_a_replaced_commit_is_seen_as_it_is_delivered(root: Path) -> None:
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    (tree / "src/shop.py").write_text("evil = 1\n")
    commit = workspaces.commit(tree, message="evil\n")
    assert commit is not None
    git(root, "replace", commit, base)
    assert workspaces.changed(base, commit) == ("src/shop.py",)


def test_pipes_and_sockets_in_a_worktree_block_nothing(root: Path) -> None:
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    os.mkfifo(tree / "pipe")
    (tree / "src/shop.py").unlink()
    os.mkfifo(tree / "src/shop.py")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tree)  # the path of a socket is limited to 108 bytes
        server.bind("socket")
        os.chdir(here)
        commit = workspaces.commit(tree, message="x\n")
    assert commit is not None
    assert workspaces.changed(base, commit) == ("src/shop.py",)
    os.mkfifo(tree / "src/shop.py")
    workspaces.reset(tree, base)
    assert (tree / "src/shop.py").read_text() == "price = 1\n"


def test_names_that_git_refuses_are_left_out(root: Path) -> None:
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    (tree / "src/.GIT").mkdir()
    (tree / "src/.GIT/config").write_text("x\n")
    (tree / ".Git").mkdir()
    (tree / ".Git/config").write_text("x\n")
    (tree / "src/new.py").write_text("x = 1\n")
    commit = workspaces.commit(tree, message="x\n")
    assert commit is not None
    assert workspaces.changed(base, commit) == ("src/new.py",)


def test_folders_that_lock_everybody_out_are_cleaned_up(root: Path) -> None:
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    locked = tree / "locked/deep"
    locked.mkdir(parents=True)
    (locked / "file").write_text("x\n")
    locked.chmod(0)
    (tree / "locked").chmod(stat.S_IRUSR)
    workspaces.reset(tree, base)
    assert not (tree / "locked").exists()
    locked.mkdir(parents=True)
    locked.chmod(0)
    workspaces.close("t1")
    assert not tree.exists()


def test_a_lock_left_by_a_killed_run_is_removed_when_the_next_one_starts_over(root: Path) -> None:
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t1", branch="linestop/t1", base=base)
    lock = root / ".git/worktrees/t1/index.lock"
    lock.touch()
    (tree / "src/shop.py").write_text("price = 2\n")
    with pytest.raises(InfraError, match=r"can't write") as caught:
        workspaces.commit(tree, message="x\n")
    assert str(lock) in caught.value.todo
    workspaces.reset(tree, base)
    assert not lock.exists()


def test_other_worktrees_of_the_owner_are_left_alone(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "-q", "-b", "mine", str(tmp_path / "mine"))
    (tmp_path / "mine").rename(tmp_path / "unplugged")  # a disk that isn't mounted right now
    every_operation(root)
    (tmp_path / "unplugged").rename(tmp_path / "mine")
    assert git(tmp_path / "mine", "status", "--porcelain") == ""


def test_a_dirty_checkout_stays_byte_for_byte_as_it_was(root: Path) -> None:
    (root / "src/shop.py").write_text("price = 1  # half edited\n")
    (root / "staged.py").write_text("staged = 1\n")
    git(root, "add", "staged.py")
    (root / "untracked.py").write_text("untracked = 1\n")
    status = git(root, "status", "--porcelain")
    before = snapshot_of(root)
    every_operation(root)
    assert snapshot_of(root) == before
    assert git(root, "status", "--porcelain") == status


def test_a_detached_head_stays_where_it_is_and_wants_a_base_branch(root: Path) -> None:
    git(root, "checkout", "-q", "--detach")
    with pytest.raises(RepositoryError, match="no base branch"):
        GitWorkspaces(root).base_branch(None)
    assert GitWorkspaces(root).base_branch("main") == "main"
    before = snapshot_of(root)
    every_operation(root)
    assert snapshot_of(root) == before


def test_a_repository_without_commits_says_so(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "-qb", "main")
    workspaces = GitWorkspaces(tmp_path / "new")
    assert workspaces.base_branch(None) == "main"
    with pytest.raises(RepositoryError, match="no commit at"):
        workspaces.head("main")


def test_a_bare_repository_and_a_plain_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    for name in ("plain", "bare.git"):
        with pytest.raises(RepositoryError):
            GitWorkspaces(tmp_path / name)


def test_a_shallow_clone_is_worked_on_like_any_other(root: Path, tmp_path: Path) -> None:
    (root / "src/shop.py").write_text("price = 0\n")
    git(root, "commit", "-qam", "second")
    (root / "src/shop.py").write_text("price = 1\n")
    git(root, "commit", "-qam", "third")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "shallow")
    every_operation(tmp_path / "shallow")


def test_a_sparse_checkout_of_the_owner_hides_nothing_from_a_workspace(root: Path) -> None:
    git(root, "sparse-checkout", "set", "--no-cone", "/src/")
    assert not (root / "tests").exists()
    workspaces = GitWorkspaces(root)
    tree = workspaces.checkout("c", workspaces.head("main"))
    assert (tree / "tests/test_shop.py").is_file()


def test_an_unknown_ref_that_looks_like_an_option_is_only_unknown(root: Path) -> None:
    workspaces = GitWorkspaces(root)
    for ref in ("--all", "-h", "--output=/tmp/x", "main..HEAD", ""):
        with pytest.raises(LinestopError):
            workspaces.head(ref)
        assert workspaces.contains("main", ref) is False


@pytest.mark.parametrize("name", ["../escape", "a/b", "", ".", "-x", "..", "x\n"])
def test_a_name_that_is_no_folder_name_opens_nothing(root: Path, name: str) -> None:
    with pytest.raises(RepositoryError, match="can't name a worktree"):
        GitWorkspaces(root).checkout(name, "main")


def snapshot_of(root: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file of a checkout, the index, HEAD and the base branch with bytes and time of last change."""
    kept = [path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts]
    kept += [root / ".git/index", root / ".git/HEAD", root / ".git/refs/heads/main", root / ".git/config"]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in kept}


@pytest.mark.parametrize("how", ["hook", "filter", "fsmonitor", "nested"])
def test_the_traps_can_fire(root: Path, tmp_path: Path, how: str) -> None:
    mark, program = tmp_path / "fired", tmp_path / "fire.sh"
    program.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    program.chmod(0o755)
    (root / "src/shop.py").write_text("price = 2\n")
    if how == "hook":
        (root / ".git/hooks/pre-commit").write_text(program.read_text())
        (root / ".git/hooks/pre-commit").chmod(0o755)
    elif how == "filter":
        (root / ".git/info/attributes").write_text("* filter=x\n")
        git(root, "config", "filter.x.clean", str(program))
    elif how == "fsmonitor":
        git(root, "config", "core.fsmonitor", str(program))
    else:
        (root / "sub").mkdir()
        git(root / "sub", "init", "-q")
        git(root / "sub", "commit", "-q", "--allow-empty", "-m", "nested")
        git(root, "add", "-A")
        git(root / "sub", "config", "core.fsmonitor", str(program))
    git(root, "add", "-A")
    git(root, "commit", "-qm", "fire")
    assert mark.exists()
