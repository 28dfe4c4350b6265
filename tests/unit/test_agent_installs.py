"""Where agents are installed: what must be seen of the host inside a sandbox, by the real forms of an install."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from linestop.blocks.presets.installs import find_install
from linestop.errors import ToolError


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path


def link(folder: Path, name: str, to: Path) -> Path:
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).symlink_to(to)
    return folder / "bin" / name


def test_a_script_of_node_is_started_by_node_and_sees_all_its_packages(folder: Path) -> None:
    node = executable(folder / "node/bin/node", "\x7fELF")
    link(folder, "node", node)
    script = executable(folder / "lib/node_modules/@a/agent/bin/agent.js", "#!/usr/bin/env node\n1\n")
    link(folder, "agent", script)
    install = find_install("agent")
    assert install.argv == (str(node), str(script))
    assert set(install.mounts) == {folder / "lib/node_modules", node}
    assert install.path == (node.parent,)


def test_a_binary_of_a_package_sees_all_packages(folder: Path) -> None:
    inner = folder / "p/node_modules/agent/node_modules/agent-linux/agent.exe"
    link(folder, "agent", executable(inner, "\x7fELF"))
    (inner.parent / "package.json").write_text('{"name": "agent-linux", "version": "2.1.0"}')
    install = find_install("agent")
    assert install.version == "2.1.0"
    assert (install.argv, install.mounts) == ((str(inner),), (folder / "p/node_modules",))


def test_a_binary_alone_sees_itself(folder: Path) -> None:
    binary = executable(folder / "share/versions/2.1", "\x7fELF")
    link(folder, "agent", binary)
    assert find_install("agent").mounts == (binary,)


def test_a_program_of_a_virtual_environment_sees_it_and_its_python(folder: Path) -> None:
    base, venv = folder / "pythons/3.11", folder / "venv"
    python = executable(base / "bin/python3", "\x7fELF")
    executable(venv / "pyvenv.cfg", f"home = {base}/bin\nversion = 3.11\n")
    (venv / "bin").mkdir()
    (venv / "bin/python").symlink_to(python)
    program = executable(venv / "bin/agent", f"#!{venv}/bin/python\n1\n")
    link(folder, "agent", program)
    points = venv / "lib/python3.11/site-packages/an_agent-0.8.dist-info/entry_points.txt"
    points.parent.mkdir(parents=True)
    points.write_text("[console_scripts]\nagent = an_agent:main\n")
    install = find_install("agent")
    assert install.version == "0.8"
    assert install.argv == (f"{venv}/bin/python", str(program))
    assert set(install.mounts) == {venv, base}


def test_what_belongs_to_the_system_is_not_mounted_again(folder: Path) -> None:
    shell = shutil.which("sh")
    assert shell
    assert find_install("sh").mounts == ()
    assert os.fspath(folder) not in find_install("sh").argv[0]


def test_a_program_that_is_named_by_its_path_is_taken(folder: Path) -> None:
    binary = executable(folder / "anywhere/agent", "\x7fELF")
    assert find_install("agent", program=str(binary)).argv == (str(binary),)


def test_this_very_python_is_found_with_its_home() -> None:
    install = find_install(sys.executable)
    assert install.argv == (sys.executable,)
    assert all(path.exists() for path in install.mounts)


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("", "no agent on PATH"),
        ("/nowhere/agent", "there is no /nowhere/agent"),
        ("/etc", "is no program"),
        ("/etc/passwd", "/etc/passwd can't be executed: chmod"),
    ],
)
def test_a_missing_agent_is_named_with_how_to_install_it(folder: Path, program: str, found: str) -> None:
    del folder
    with pytest.raises(ToolError) as caught:
        find_install("agent", program=program, install="npm install -g agent", engine="mine")
    assert found in caught.value.found
    assert caught.value.todo == "npm install -g agent, or set engines.mine.program to its path"
