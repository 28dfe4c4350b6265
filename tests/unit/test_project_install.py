"""A project that pip installed goes out of the way; what its RECORD says is believed only where it is so."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from linestop.blocks.check_folder import CheckFolder
from linestop.blocks.installed_files import installed_files, metadata_folder
from linestop.blocks.interpreter import Interpreter
from linestop.blocks.project_install import adopt, without_self_installs
from linestop.checks.project_files import ProjectFiles

Install = Callable[..., Path]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "environment" / "venv" / "lib" / "python3.11" / "site-packages"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def interpreter(site: Path, tmp_path: Path) -> Interpreter:
    return Interpreter(version="3.11", base=tmp_path / "python", site_packages=(str(site),))


@pytest.fixture
def install(site: Path, tmp_path: Path) -> Install:
    """Return what puts files and a RECORD of given lines into site-packages, as if pip had."""

    def put(record: str, **files: str) -> Path:
        info = site / "shop-1.dist-info"
        info.mkdir()
        (info / "RECORD").write_text(record, encoding="utf-8", newline="")
        (info / "direct_url.json").write_text(json.dumps({"url": (tmp_path / "copy").as_uri()}))
        for name, text in files.items():
            path = site / "shop" / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return info

    return put


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("../../../../../../outside.py", id="up"),
        pytest.param("shop/../../../../../../../outside.py", id="up from within"),
        pytest.param("{outside}", id="absolute"),
        pytest.param("link/outside.py", id="behind a linked folder"),
        pytest.param("linked.py", id="a link"),
        pytest.param("shop", id="a folder"),
        pytest.param("shop/gone.py", id="not there"),
        pytest.param("shop/a\x00b.py", id="a null character"),
        pytest.param('"', id="an open quote"),
        pytest.param(",,", id="no path"),
        pytest.param("shop-1.dist-info/RECORD", id="metadata"),
        pytest.param("x" * 200_000, id="longer than a field may be"),
    ],
)
def test_a_record_touches_only_files_of_its_own_folder(
    line: str, install: Install, site: Path, interpreter: Interpreter, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("kept")
    (site / "link").symlink_to(tmp_path)
    (site / "linked.py").symlink_to(outside)
    (tmp_path / "target" / "shop").mkdir(parents=True)
    (tmp_path / "target" / "shop" / "one.py").write_text("")
    install(f"shop/one.py,,\r\n{line.format(outside=outside)},,\r\n", one="")
    adopt(tmp_path / "copy", ProjectFiles(tmp_path / "target"), interpreter, tmp_path / "generated")
    assert outside.read_text() == "kept"
    assert (site / "linked.py").is_symlink()
    assert not (site / "shop" / "one.py").exists()
    assert not (tmp_path / "generated").exists()


def test_a_name_with_a_line_s_end_is_found_however_pip_wrote_it(install: Install) -> None:
    names = ("-dash and space\nnewline", "ü", "one")
    rows = ("shop/-dash and spacenewline.py", '"shop/-dash and space\nnewline.py"', "shop/ü.py", "shop/one.py")
    info = install("".join(f"{row},,\r\n" for row in rows), **dict.fromkeys(names, ""))
    assert installed_files(info) == sorted(f"shop/{name}.py" for name in names)


@pytest.mark.parametrize("said", ["", "[]", '{"url": 7}', '{"url": "file:///elsewhere"}', "[" * 100_000])
def test_another_distribution_s_origin_is_no_reason_to_fail(
    said: str, install: Install, interpreter: Interpreter, site: Path, tmp_path: Path
) -> None:
    info = install("")
    (site / "aaa-1.dist-info").mkdir()
    (site / "aaa-1.dist-info" / "direct_url.json").write_text(said)
    assert metadata_folder(tmp_path / "copy", interpreter) == info


def test_requirement_files_behind_a_link_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    kept, changed = tmp_path / "elsewhere" / "notes.txt", tmp_path / "copy" / "requirements" / "test.txt"
    changed.parent.mkdir(parents=True)
    for path in (kept, changed):
        path.write_text("-e .\npytest\n")
    (tmp_path / "copy" / "tests").symlink_to(tmp_path / "elsewhere")
    without_self_installs(tmp_path / "copy")
    assert (kept.read_text(), changed.read_text().split()) == ("-e .\npytest\n", ["pytest"])


def test_generated_files_are_not_written_through_a_link_of_the_candidate(tmp_path: Path) -> None:
    checkout, generated = tmp_path / "checkout", tmp_path / "generated"
    for folder in (checkout / "shop", generated / "shop"):
        folder.mkdir(parents=True)
    (generated / "shop" / "_version.py").write_text("version = '1'")
    (checkout / "shop" / "_version.py").symlink_to(tmp_path / "outside.py")
    with CheckFolder(checkout, generated=generated):
        assert not (tmp_path / "outside.py").exists()
