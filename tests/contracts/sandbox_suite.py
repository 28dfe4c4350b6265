"""What every sandbox promises, whatever it isolates: collected where an adapter is named (`sandbox` fixture)."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import randbelow
from time import monotonic
from typing import Any

import psutil
import pytest

from linestop.blocks.cancellation import CommandCancelledError, cancellable
from linestop.ports import Cell, Confinement, Network, Ran, Sandbox, SandboxCommand

OWN = {"PATH", "HOME", "TMPDIR", "LANG", "PWD", "RUN_MARK"}  # the last two are bubblewrap's and PlainSandbox's own
Shell = Callable[..., Ran]


def git(root: Path, *words: str) -> str:
    owner = ("-c", "user.name=Owner", "-c", "user.email=o@example.org")
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(["git", *owner, *words], cwd=root, env=env, check=True, capture_output=True, text=True).stdout


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("one\n")
    git(folder, "init", "-qb", "main")
    git(folder, "config", "remote.origin.url", "https://owner:hunter2@example.org/shop")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "start")
    return folder


def worktree(main: Path, folder: Path) -> Path:
    git(main, "worktree", "add", "-q", "-b", folder.name, str(folder))
    return folder


def sh(cell: Cell, script: str, **words: object) -> Ran:
    """Run a script as an agent would; `words` are of SandboxCommand and of `run`."""
    handed = {name: words.pop(name) for name in ("stdout", "stderr", "stop") if name in words}
    return cell.run(SandboxCommand(argv=("sh", "-c", script), **{"wall_seconds": 20, **words}), **handed)  # type: ignore[arg-type]


def history_is_shown(sandbox: Sandbox, place: Path) -> None:
    """Assert that git works in a cell round a repository, or round a worktree of one."""
    with sandbox.open(place, Confinement()) as cell:
        ran = sh(cell, "git log --format=%s; git status --short; echo two > a.txt; git diff --stat")
    assert ran.output.startswith("start\n a.txt | 2 +-"), ran.output


def marked() -> str:
    """Return a command that nobody else's test runs at this moment."""
    return f"sleep {10_000 + randbelow(10**6)}.{randbelow(10**6)}5"


def left(mark: str) -> list[str]:
    """Return the processes of this machine whose command line holds a mark."""
    alive = (one for one in psutil.process_iter(["cmdline", "status"]) if one.info["status"] != psutil.STATUS_ZOMBIE)
    return [f"{one.pid} {one.info['cmdline']}" for one in alive if mark in " ".join(one.info["cmdline"] or ())]


class SandboxContract:
    """The suite. A subclass names its adapter in a fixture `sandbox`."""

    @pytest.fixture(autouse=True)
    def _home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "state"))
        monkeypatch.setenv("OWNERS_TOKEN", "hunter2")

    @pytest.fixture
    def workspace(self, tmp_path: Path) -> Path:
        return worktree(repository(tmp_path / "shop"), tmp_path / "wt")

    @pytest.fixture
    def cell(self, sandbox: Sandbox, workspace: Path) -> Iterator[Cell]:
        with sandbox.open(workspace, Confinement()) as cell:
            yield cell

    @pytest.mark.parametrize(
        ("argv", "code"),
        [
            pytest.param(("true",), 0, id="success"),
            pytest.param(("sh", "-c", "exit 7"), 7, id="failure"),
            pytest.param(("sh", "-c", "kill -SEGV $$"), 139, id="a-crash"),
            pytest.param(("no-such-command",), 127, id="not-there"),
            pytest.param(("./a.txt",), 126, id="not-executable"),
        ],
    )
    def test_how_a_command_ends_is_a_value(self, cell: Cell, argv: tuple[str, ...], code: int) -> None:
        ran = cell.run(SandboxCommand(argv=argv))
        assert (ran.ended, ran.exit_code, ran.ok) == ("exited", code, code == 0)

    def test_output_is_handed_on_as_it_comes_and_its_end_is_kept(self, cell: Cell) -> None:
        out, err, go = bytearray(), bytearray(), cell.workspace / "go"

        def seen(chunk: bytes) -> None:
            out.extend(chunk)
            go.touch()  # the command waits for this: it is told while it runs

        script = "echo one; while [ ! -e go ]; do sleep 0.01; done; echo two; echo three >&2"
        ran = sh(cell, script, stdout=seen, stderr=err.extend)
        assert (bytes(out), bytes(err), ran.exit_code) == (b"one\ntwo\n", b"three\n", 0)
        assert {*ran.output.split()} == {"one", "two", "three"}

    def test_the_environment_is_what_was_named_and_nothing_of_ours(self, cell: Cell) -> None:
        ran = sh(cell, "env; pwd", env={"NAMED": "yes=no", "LANG": "C"})
        lines = dict(line.split("=", 1) for line in ran.output.splitlines()[:-1])
        assert {*lines} - OWN == {"NAMED"}
        assert (lines["NAMED"], lines["LANG"], lines["HOME"]) == ("yes=no", "C", str(cell.home))
        assert ran.output.splitlines()[-1] == str(cell.workspace)

    def test_standard_input_arrives_whole_and_ends(self, cell: Cell) -> None:
        assert sh(cell, "wc -c", stdin=b"x" * 1_000_000).output.strip() == "1000000"
        assert sh(cell, "wc -c").output.strip() == "0"

    def test_a_command_that_reads_no_input_is_no_trouble(self, cell: Cell) -> None:
        assert sh(cell, "exit 3", stdin=b"x" * 1_000_000).exit_code == 3

    def test_a_folder_of_the_workspace_can_be_stood_in_and_no_other(self, cell: Cell, tmp_path: Path) -> None:
        (cell.workspace / "sub").mkdir()
        (cell.workspace / "out").symlink_to(tmp_path)
        assert sh(cell, "pwd", cwd="sub").output.strip() == str(cell.workspace / "sub")
        assert [sh(cell, "pwd", cwd=name).exit_code for name in ("gone", "out", "a.txt")] == [126, 126, 126]

    @pytest.mark.parametrize(
        "words",
        [
            pytest.param({"cwd": "/"}, id="a-folder-elsewhere"),
            pytest.param({"cwd": "../shop"}, id="a-folder-above"),
            pytest.param({"cwd": "sub/../.."}, id="a-folder-above-by-one-below"),
            pytest.param({"env": {"A=B": "c"}}, id="a-name-with-an-equals-sign"),
        ],
    )
    def test_what_can_not_be_handed_on_is_no_command(self, words: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"workspace|equals sign"):
            SandboxCommand(**{"argv": ("pwd",), **words})

    @pytest.mark.parametrize(
        "words",
        [
            pytest.param({"cwd": "a\0--bind\0/\0/"}, id="a-folder"),
            pytest.param({"argv": ("true", "a\0b")}, id="an-argument"),
            pytest.param({"env": {"A": "b\0--bind\0/\0/"}}, id="a-value"),
        ],
    )
    def test_what_would_smuggle_words_into_a_sandbox_is_not_run(self, cell: Cell, words: dict[str, Any]) -> None:
        ran = cell.run(SandboxCommand(**{"argv": ("true",), **words}))
        assert ran.exit_code == 126
        assert "zero byte" in ran.output

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            pytest.param({"argv": ("echo", "\ud800")}, "no text", id="half-a-character"),
            pytest.param({"argv": ("true",), "env": {"A": "\ud800"}}, "no text", id="half-a-character-in-a-variable"),
            pytest.param({"argv": ("echo", "x" * 200_000)}, "too long", id="a-word-too-long"),
            pytest.param({"argv": ("true",), "env": {"A": "x" * 200_000}}, "too long", id="a-variable-too-long"),
            pytest.param({"argv": ("echo", *["x" * 100_000] * 70)}, "too long", id="too-long-together"),
            pytest.param({"argv": ("echo", *["x"] * 600_000)}, "too long", id="too-many"),
        ],
    )
    def test_words_that_no_command_can_be_told_are_its_callers_fault_not_the_machines(
        self, cell: Cell, words: dict[str, Any], says: str
    ) -> None:
        ran = cell.run(SandboxCommand(**words))
        assert (ran.ended, ran.exit_code) == ("exited", 126)
        assert says in ran.output

    def test_what_is_written_outside_is_seen_inside_and_back(self, cell: Cell) -> None:
        (cell.home / "brief.md").write_text("read me")
        ran = sh(cell, "cat $HOME/brief.md; echo done > $HOME/said; echo two >> a.txt; echo x > $TMPDIR/kept")
        assert ran.output == "read me"
        assert (cell.home / "said").read_text() == "done\n"
        assert (cell.workspace / "a.txt").read_text() == "one\ntwo\n"
        assert sh(cell, "cat $TMPDIR/kept").output == "x\n"

    @pytest.mark.parametrize(
        ("words", "script", "ended"),
        [
            pytest.param({"wall_seconds": 0.6}, "while :; do echo tick; sleep 0.1; done", "wall", id="wall"),
            pytest.param({"idle_seconds": 0.6}, "echo once; sleep 60", "idle", id="idle"),
        ],
    )
    def test_a_clock_ends_it_with_all_its_processes(
        self, cell: Cell, words: dict[str, float], script: str, ended: str
    ) -> None:
        start, sleep = monotonic(), marked()
        ran = sh(cell, f"{sleep} & setsid {sleep} & {script}", **words)
        assert (ran.ended, ran.exit_code, ran.ok) == (ended, None, False)
        assert monotonic() - start < 40
        assert left(sleep) == []

    def test_who_talks_is_not_idle(self, cell: Cell) -> None:
        assert sh(cell, "for n in 1 2 3 4 5 6; do echo $n; sleep 0.3; done", idle_seconds=1.5).ok

    def test_stop_ends_it_at_once(self, cell: Cell) -> None:
        stop = threading.Event()
        ran = sh(cell, "echo up; sleep 60", stop=stop, stdout=lambda _: stop.set())
        assert (ran.ended, ran.exit_code) == ("stopped", None)
        assert ran.seconds < 40  # of 60

    async def test_a_cancelled_run_ends_its_command(self, cell: Cell) -> None:
        import asyncio  # noqa: PLC0415

        started, caught = threading.Event(), []

        def work() -> None:
            try:
                sh(cell, "echo up; sleep 60", stdout=lambda _: started.set())
            except CommandCancelledError:
                caught.append(True)
                raise

        task = asyncio.ensure_future(cancellable(work))
        await asyncio.to_thread(started.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert caught

    def test_endless_output_is_cut_and_ends_it(self, sandbox: Sandbox, workspace: Path) -> None:
        taken = bytearray()
        with sandbox.open(workspace, Confinement(output_bytes=300_000)) as cell:
            ran = sh(cell, "yes", stdout=taken.extend)
        assert (ran.ended, ran.exit_code, len(taken), len(ran.output)) == ("output", None, 300_000, 8_000)

    def test_nothing_of_a_command_outlives_it(self, cell: Cell) -> None:
        start, sleep = monotonic(), marked()
        script = f"(setsid sh -c '{sleep} & {sleep}' >/dev/null 2>&1 &) ; {sleep} & echo started"
        assert sh(cell, script).ok
        assert left(sleep) == []
        assert monotonic() - start < 40

    def test_a_taker_that_fails_ends_the_command(self, cell: Cell) -> None:
        def broken(_: bytes) -> None:
            raise RuntimeError("full")

        sleep = marked()
        with pytest.raises(RuntimeError, match="full"):
            sh(cell, f"echo up; {sleep}", stdout=broken)
        assert left(sleep) == []

    def test_nothing_of_a_cell_outlives_it(self, sandbox: Sandbox, workspace: Path, tmp_path: Path) -> None:
        with sandbox.open(workspace, Confinement()) as cell:
            sh(cell, "mkdir -p $HOME/a/b; echo x > $HOME/a/b/c; chmod 0 $HOME/a/b $HOME/a; echo y > new.txt")
            home = cell.home
        assert not home.exists()
        assert [*(tmp_path / "state" / "cells").iterdir()] == []
        assert (workspace / "new.txt").read_text() == "y\n"
        (workspace / "new.txt").unlink()  # ours again, whoever it was lent to
        assert (workspace / "a.txt").stat().st_uid == os.getuid()

    @pytest.mark.parametrize("kind", ["worktree", "clone", "folder"])
    def test_the_workspace_is_a_repository_that_can_be_worked_in(
        self, sandbox: Sandbox, tmp_path: Path, kind: str
    ) -> None:
        main = repository(tmp_path / "main")
        place = {"worktree": lambda: worktree(main, tmp_path / "w"), "clone": lambda: main}
        workspace = place[kind]() if kind in place else tmp_path / "folder"
        workspace.mkdir(exist_ok=True)
        with sandbox.open(workspace, Confinement()) as cell:
            if kind == "folder":
                assert sh(cell, "git init -q . && git status --short").exit_code == 0
                return
            assert "start" in sh(cell, "git log --oneline").output
            assert sh(cell, "git status --short; git branch --list main").output.strip("* +\n") == "main"
            ran = sh(cell, "echo two >> a.txt; git diff; git add -A; git commit -qm more && git log -1 --format=%s")
            assert "+two" in ran.output
            assert ran.output.endswith("more\n")

    def test_every_mount_is_seen_and_none_can_be_written(
        self, sandbox: Sandbox, workspace: Path, tmp_path: Path
    ) -> None:
        from linestop.ports import Mount  # noqa: PLC0415

        tool = tmp_path / "tools" / "bin"
        tool.mkdir(parents=True)
        (tool / "hello").write_text("#!/bin/sh\necho hello\n")
        (tool / "hello").chmod(0o755)
        tool.parent.chmod(0o755)
        with sandbox.open(workspace, Confinement(mounts=(Mount(path=tool.parent),))) as cell:
            assert sh(cell, "hello", env={"PATH": f"{tool}:/usr/bin:/bin"}).output == "hello\n"
            if sandbox.isolates:
                assert not sh(cell, f"echo x >> {tool}/hello").ok


class IsolationContract(SandboxContract):
    """What only a sandbox that isolates promises; the tricks against it are tests/live/test_escapes.py."""

    def test_the_real_repository_is_neither_written_nor_shown(
        self, sandbox: Sandbox, workspace: Path, tmp_path: Path
    ) -> None:
        main = tmp_path / "shop"
        before = git(main, "for-each-ref"), git(workspace, "rev-parse", "HEAD"), (workspace / ".git").read_bytes()
        with sandbox.open(workspace, Confinement()) as cell:
            script = (
                "echo x>a.txt; git commit -qam mine; git update-ref refs/heads/main HEAD; git remote -v; git config -l"
            )
            ran = sh(cell, f"{script}; cat {main}/.git/config; rm -rf .git; mv .git x; echo evil > .git")
        assert "hunter2" not in ran.output
        after = git(main, "for-each-ref"), git(workspace, "rev-parse", "HEAD"), (workspace / ".git").read_bytes()
        assert after == before
        assert git(workspace, "status", "--short") == " M a.txt\n"

    @pytest.mark.parametrize(
        "name",
        [
            pytest.param('two\nlines, "quoted" \\ é', id="lines-and-quotes"),
            pytest.param("#'$(id)", id="what-a-shell-would-read"),
        ],
    )
    def test_the_history_is_there_whatever_the_repository_is_called(
        self, sandbox: Sandbox, tmp_path: Path, name: str
    ) -> None:
        for place in (main := repository(tmp_path / name), worktree(main, tmp_path / "aside")):
            history_is_shown(sandbox, place)

    def test_a_pipe_in_the_place_of_git_holds_nobody_up(self, sandbox: Sandbox, tmp_path: Path) -> None:
        (place := tmp_path / "none").mkdir()
        os.mkfifo(place / ".git")
        with sandbox.open(place, Confinement()) as cell:
            assert not sh(cell, "git log").ok

    def test_a_git_file_that_names_another_repository_shows_nothing_of_it(
        self, sandbox: Sandbox, workspace: Path, tmp_path: Path
    ) -> None:
        other = repository(tmp_path / "other")
        commit = git(other, "rev-parse", "HEAD").strip()
        theirs = worktree(other, tmp_path / "theirs")  # known to its repository, and of another folder
        names = {"fake": f"{other}/.git", "own/worktrees/w": "../.."}
        for name, common in names.items():
            (workspace / name).mkdir(parents=True)
            (workspace / name / "gitdir").write_text(f"{workspace}/.git\n")
            (workspace / name / "commondir").write_text(f"{common}\n")
        for name in ("pack", "info"):
            (workspace / "own" / "objects" / name).mkdir(parents=True)
        (workspace / "own" / "objects" / "info" / "alternates").write_text(f"{other}/.git/objects\n")
        pointing = (other / ".git", other / ".git" / "worktrees" / theirs.name, *(workspace / name for name in names))
        for target in pointing:
            (workspace / ".git").write_text(f"gitdir: {target}\n")
            with sandbox.open(workspace, Confinement()) as cell:
                assert not sh(cell, f"git cat-file -p {commit}").ok

    def test_a_repository_that_borrows_all_of_another_shows_nothing_of_it(
        self, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        main, other = repository(tmp_path / "shop"), repository(tmp_path / "other")
        git(other, "commit", "-q", "--allow-empty", "-m", "theirs alone")
        commit = git(other, "rev-parse", "HEAD").strip()
        (main / ".git" / "commondir").write_text(f"{other}/.git\n")
        with sandbox.open(main, Confinement()) as cell:
            assert not sh(cell, f"git cat-file -p {commit}").ok

    def test_a_repository_from_elsewhere_that_leads_to_the_owners_files_shows_none(
        self, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        main, keys = repository(tmp_path / "unpacked"), tmp_path / "keys"
        (keys / "pack").mkdir(parents=True)
        (keys / "info").mkdir()
        (keys / "id_rsa").write_text("hunter2")
        (main / ".git" / "index").unlink()
        for name in ("index", "shallow", "info/exclude"):
            (main / ".git" / name).unlink(missing_ok=True)
            (main / ".git" / name).symlink_to(keys / "id_rsa")
        (main / ".git" / "shallow").unlink()  # git itself would refuse it
        (main / ".git" / "objects" / "info" / "alternates").write_text(f"{keys}\n")
        with sandbox.open(main, Confinement()) as cell:
            ran = sh(cell, f"cat .git/info/exclude .git/index; grep -r hunter2 {cell.home.parent}; git log --oneline")
        assert "hunter2" not in ran.output
        assert "start" in ran.output

    def test_a_workspace_only_to_look_at_can_not_be_written(self, sandbox: Sandbox, workspace: Path) -> None:
        with sandbox.open(workspace, Confinement(read_only=True)) as cell:
            ran = sh(
                cell, "echo x >> a.txt || rm a.txt || touch new || git status --short && echo h > $HOME/x && cat a.txt"
            )
        assert ran.exit_code == 0
        assert (workspace / "a.txt").read_text() == "one\n"
        assert not (workspace / "new").exists()

    def test_the_model_proxy_is_the_only_thing_that_is_reached(
        self, sandbox: Sandbox, workspace: Path, tmp_path: Path
    ) -> None:
        client = (
            "import socket, threading\n"
            "def one(n):\n"
            "  c = socket.create_connection(('127.0.0.1', 8377)); c.sendall(b'y' * n); c.shutdown(1)\n"
            "  d = b''\n"
            "  while x := c.recv(65536): d += x\n"
            "  print(d.decode(), flush=True)\n"
            "ts = [threading.Thread(target=one, args=(n * 50_000,)) for n in range(8)]\n"
            "[t.start() for t in ts]; [t.join() for t in ts]"
        )
        with counting_server(tmp_path / "s") as path:
            confinement = Confinement(network=Network.PROXY, model_socket=path)
            with sandbox.open(workspace, confinement) as cell:
                ran = cell.run(SandboxCommand(argv=("python3", "-c", client), wall_seconds=30))
                code = sh(cell, "exit 9").exit_code
        assert sorted(map(int, ran.output.split())) == [n * 50_000 for n in range(8)]
        assert code == 9

    def test_a_proxy_whose_queue_is_full_is_waited_for(self, sandbox: Sandbox, workspace: Path, tmp_path: Path) -> None:
        client = (
            "import socket\n"
            "cs = [socket.create_connection(('127.0.0.1', 8377)) for _ in range(12)]\n"
            "print('asked', flush=True)\n"
            "for c in cs: c.sendall(b'y'); c.shutdown(1)\n"
            "print(sum(int(c.recv(9)) for c in cs))"
        )
        go, path = threading.Event(), tmp_path / "s"
        confinement = Confinement(network=Network.PROXY, model_socket=path)
        with counting_server(path, backlog=1, after=go), sandbox.open(workspace, confinement) as cell:
            command = SandboxCommand(argv=("python3", "-c", client), wall_seconds=30)
            ran = cell.run(command, stdout=lambda _: go.set())
        assert ran.output.split() == ["asked", "12"]

    def test_an_allowed_host_is_named_by_the_proxy_in_the_environment(
        self, sandbox: Sandbox, workspace: Path, tmp_path: Path
    ) -> None:
        with counting_server(tmp_path / "s") as path:
            confinement = Confinement(network=Network.ALLOW, hosts=("example.org",), model_socket=path)
            with sandbox.open(workspace, confinement) as cell:
                assert "http://127.0.0.1:8377" in sh(cell, "echo $https_proxy").output

    def test_memory_is_held(self, sandbox: Sandbox, workspace: Path) -> None:
        hog = "x = []\nwhile True: x.append(bytearray(b'x' * 4_000_000))"
        with sandbox.open(workspace, Confinement(memory_bytes=96 * 2**20)) as cell:
            ran = cell.run(SandboxCommand(argv=("python3", "-c", hog), wall_seconds=30))
            assert (ran.ended, ran.exit_code) == ("memory", None)
            assert sh(cell, "echo well").output == "well\n"

    def test_disk_is_held(self, sandbox: Sandbox, workspace: Path) -> None:
        with sandbox.open(workspace, Confinement(disk_bytes=20 * 2**20)) as cell:
            one = sh(cell, "head -c 200000000 /dev/zero > $HOME/large")
            many = sh(cell, "n=0; while :; do n=$((n+1)); head -c 5000000 /dev/zero > $TMPDIR/$n; done")
            size = (cell.home / "large").stat().st_size
        assert "disk" in {one.ended, many.ended}
        assert not one.ok
        assert many.ended == "disk"
        assert size <= 20 * 2**20


@contextmanager
def counting_server(path: Path, *, backlog: int = 64, after: threading.Event | None = None) -> Iterator[Path]:
    """Yield a unix socket whose server says how many bytes it was sent, once the other side has said all."""
    import socket  # noqa: PLC0415

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen(backlog)

        def answer(connection: socket.socket) -> None:
            with connection:
                count = 0
                while chunk := connection.recv(65_536):
                    count += len(chunk)
                connection.sendall(str(count).encode())

        def serve() -> None:
            if after:
                after.wait(30)
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield path
        listener.shutdown(socket.SHUT_RDWR)
