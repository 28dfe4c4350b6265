"""Each guard fires on what it is for and stays silent on what it is not."""

from collections.abc import Callable

import pytest

from linestop.changes import ABSENT, EXECUTABLE, REGULAR, SUBMODULE, SYMLINK, Change
from linestop.checks import is_test_path
from linestop.errors import PolicyError
from linestop.guards import GUARDS, NEVER_ALLOWED, judge
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.policy import GuardsPolicy
from linestop.verdicts import Violation

KEY = "AKIA" + "QWERTYUIOPASDFGH"
RANDOM = "tG7xQ2mZ9kLw4RvB8nYc1HsD"


def plan(*scope: str) -> Plan:
    chunk = Chunk(id="c", title="t", source="ruff", rules=("F401",), paths=("src/a.py",))
    return Plan(id="p", title="t", purpose="p", scope=scope or ("**",), chunks=(chunk,), goal=(ChecksPass(),))


def edit(path: str, before: str | bytes | None, after: str | bytes | None, **fields: str | bool) -> Change:
    old, new = (text.encode() if isinstance(text, str) else text for text in (before, after))
    values: dict[str, object] = {
        "path": path,
        "before": old,
        "after": new,
        "before_mode": ABSENT if old is None else REGULAR,
        "after_mode": ABSENT if new is None else REGULAR,
        **fields,
    }
    return Change(**values)  # type: ignore[arg-type]


def add(path: str, text: str | bytes = "x = 1\n", **fields: str | bool) -> Change:
    return edit(path, None, text, **fields)


def rules(*changes: Change, scope: tuple[str, ...] = (), allow: tuple[str, ...] = ()) -> list[str]:
    return sorted({one.rule for one in violations(*changes, scope=scope, allow=allow)})


def violations(*changes: Change, scope: tuple[str, ...] = (), allow: tuple[str, ...] = ()) -> tuple[Violation, ...]:
    policy = GuardsPolicy(allow=allow)
    return judge(changes, plan=plan(*scope), chunk=None, policy=policy, is_test=is_test_path)


TOML = '[project]\nname = "x"\n[tool.ruff]\nselect = ["F"]\n[tool.pytest.ini_options]\naddopts = "-q"\n'
CFG = "[metadata]\nname = x\n[tool:pytest]\naddopts = -q\n[flake8]\nmax-line-length = 80\n"

FIRES = [
    ("deletions", edit("src/a.py", "import os\n\n\ndef f(): ...\n", None), "the file with the findings is deleted"),
    ("deletions", edit("src/a.py", "import os\n\n\ndef f(): ...\n", ""), "the file is emptied"),
    ("deletions", edit("src/a.py", "import os\nX = 1\n", "# nothing\n"), "nothing is left but a comment"),
    ("tests", edit("tests/test_a.py", "assert 1\n", "assert True\n"), "an assertion is weakened"),
    ("tests", edit("tests/test_a.py", "assert 1\n", None), "a test is deleted"),
    ("tests", edit("src/test_a.py", "x\n", None), "a test is moved away"),
    ("tests", edit("tests/data.json", "1\n", "2\n"), "test data is edited"),
    ("tests", edit("tests/run.py", "x", "x", after_mode=EXECUTABLE), "a test changes its mode"),
    ("test-configuration", add("conftest.py"), "a new conftest"),
    ("test-configuration", edit("src/deep/conftest.py", "a\n", "b\n"), "a nested conftest"),
    ("test-configuration", add("pytest.ini", "[pytest]\n"), "pytest.ini"),
    ("test-configuration", edit("tox.ini", "[tox]\n", None), "tox.ini is deleted"),
    ("test-configuration", add(".coveragerc", "[run]\n"), "coverage"),
    ("test-configuration", edit("pyproject.toml", TOML, TOML.replace("-q", "-k nothing")), "tool.pytest"),
    ("test-configuration", edit("setup.cfg", CFG, CFG.replace("addopts = -q", "addopts = -k no")), "setup.cfg pytest"),
    ("test-configuration", edit("setup.cfg", CFG, "[[["), "a setup.cfg that can't be read"),
    ("configuration", add("ruff.toml", "select = []\n"), "ruff.toml"),
    ("configuration", add("src/.ruff.toml", "select = []\n"), "a nested ruff.toml"),
    ("configuration", edit("mypy.ini", "[mypy]\nstrict = true\n", "[mypy]\n"), "mypy.ini"),
    ("configuration", add(".flake8", "[flake8]\n"), "flake8"),
    ("configuration", add("MyPy.INI", "[mypy]\n"), "another case of the name"),
    ("configuration", edit("pyproject.toml", TOML, TOML.replace('"F"', "")), "tool.ruff"),
    ("configuration", edit("pyproject.toml", TOML, TOML + "[tool.mypy]\nignore_errors = true\n"), "a new tool"),
    ("configuration", edit("pyproject.toml", TOML, None), "pyproject is deleted"),
    ("configuration", edit("pyproject.toml", TOML, "not = [toml"), "a pyproject that can't be read"),
    ("configuration", edit("pyproject.toml", TOML, "x = " + "[" * 5000), "a pyproject that is too deep to read"),
    ("configuration", edit("setup.cfg", CFG, CFG.replace("80", "800")), "setup.cfg flake8"),
    ("suppressions", edit("a.py", "import os\n", "import os  # noqa\n"), "noqa"),
    ("suppressions", edit("a.py", "import os\n", "import os  #NoQA :F401\n"), "odd spacing and case"),
    ("suppressions", edit("a.py", "import os  # noqa: F401\n", "import os  # noqa\n"), "a noqa that is widened"),
    ("suppressions", edit("a.py", "x  # noqa: F401\n", "x  # noqa: F401,E711\n"), "one more code"),
    ("suppressions", edit("a.py", "x  # noqa: F401\n", "x  # noqa: E711\n"), "another code"),
    ("suppressions", edit("a.py", "x\n", "# flake8: noqa\nx\n"), "a whole file"),
    ("suppressions", edit("a.py", "x\n", "# ruff:noqa\nx\n"), "a whole file, ruff"),
    ("suppressions", edit("a.py", "x\n", "x  # see below  # noqa\n"), "behind another comment"),
    ("suppressions", edit("a.py", "x = 1\n", "x = 1  # type:ignore\n"), "type: ignore"),
    ("suppressions", edit("a.py", "x = 1\n", "x = 1  #  TYPE : IGNORE[assignment]\n"), "type: ignore with a code"),
    ("suppressions", edit("a.py", "x = 1\n", "x = 1  # pyright: ignore\n"), "pyright"),
    ("suppressions", edit("a.py", "x = 1\n", "# pyright: basic\nx = 1\n"), "pyright for the file"),
    ("suppressions", edit("a.py", "x = 1\n", "# mypy: ignore-errors\nx = 1\n"), "mypy for the file"),
    ("suppressions", edit("a.py", "x = 1\n", "x = 1  # pragma:no cover\n"), "coverage"),
    ("suppressions", edit("a.py", "x = 1\n", "x = 1  # nosec B101\n"), "bandit"),
    ("suppressions", edit("a.py", "x = 1\n", "x = 1  # pylint: disable=all\n"), "pylint"),
    ("suppressions", edit("a.py", "x = 1\n", "# fmt: off\nx = 1\n"), "formatter"),
    ("suppressions", edit("a.py", "x = 1\n", "x = (  # noqa\n"), "a file that does not parse"),
    ("suppressions", edit("a.py", "x = 1\r", "x = 1  # noqa\ry = 2\r"), "carriage returns as line ends"),
    ("suppressions", edit("a.py", b"x = 1\n", b"\xff\xfex = 1  # noqa\n"), "a file that is no UTF-8"),
    ("suppressions", edit("tool", "#!/usr/bin/python3\nx\n", "#!/usr/bin/python3\nx  # noqa\n"), "no suffix"),
    ("suppressions", add("tests/test_n.py", "import pytest\n\n@pytest.mark.skip\ndef test(): ...\n"), "mark.skip"),
    (
        "suppressions",
        add("test_n.py", "from pytest import mark as m\n\n@m.xfail\ndef test(): ...\n"),
        "an alias of mark",
    ),
    (
        "suppressions",
        add("test_n.py", "import pytest as p\np.skip('x', allow_module_level=True)\n"),
        "an alias of pytest",
    ),
    ("suppressions", add("test_n.py", "from unittest import skipIf as s\n@s(1, '')\ndef test(): ...\n"), "skipIf"),
    ("suppressions", add("test_n.py", "class T:\n def test(self): self.skipTest('')\n"), "skipTest"),
    ("suppressions", edit("a.js", "x()\n", "// eslint-disable-next-line\nx()\n"), "JavaScript"),
    ("suppressions", edit("a.go", "x()\n", "x() //nolint\n"), "Go"),
    ("ci", add(".github/workflows/x.yml", "on: push\n"), "GitHub"),
    ("ci", edit(".gitlab-ci.yml", "a\n", "b\n"), "GitLab"),
    ("ci", edit("Jenkinsfile", "a\n", None), "Jenkins"),
    ("ci", add(".GitHub/workflows/x.yml", "on: push\n"), "another case"),
    ("ci", add("docs/CODEOWNERS", "* @me\n"), "who must review"),
    ("lock-files", edit("poetry.lock", "a\n", "b\n"), "poetry"),
    ("lock-files", edit("web/package-lock.json", "a\n", "b\n"), "npm"),
    ("lock-files", edit("requirements.txt", "a==1 --hash=sha256:00\n", "a==2\n"), "requirements with hashes"),
    ("secrets", add("a.py", f"key = '{KEY}'\n"), "AWS"),
    ("secrets", edit("a.py", f"key = '{KEY}'\n", f"key = '{KEY}'\n" * 2), "a second copy of one that is there"),
    ("secrets", add("a.py", "t = 'ghp_" + "a1B2" * 9 + "'\n"), "GitHub"),
    ("secrets", add("a.txt", "xoxb-927364518203-kQzWmNpRtYvB\n"), "Slack"),
    ("secrets", add("k.pem", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n"), "a private key"),
    ("secrets", add("a.py", "k = 'sk-ant-api03-" + RANDOM + "'\n"), "Anthropic"),
    ("secrets", add("a.py", "k = 'sk-proj-" + RANDOM * 2 + "'\n"), "OpenAI"),
    ("secrets", add("a.py", f"API_KEY = '{RANDOM}'\n"), "a random value"),
    ("secrets", add("a.json", f'{{"client_secret": "{RANDOM}"}}\n'), "a random value in JSON"),
    ("secrets", add("a.py", "u = 'postgres://shop:hunter2hunter@db.corp.io/x'\n"), "a password in a URL"),
    ("secrets", add("a.bin", KEY.encode("utf-16")), "UTF-16"),
    ("state", add(".linestop/config.toml"), "our state"),
    ("state", add(".LineStop/x"), "another case"),
    ("state", add("sub/.linestop/lessons.db"), "nested state"),
    ("state", add(".git/hooks/pre-commit"), "git's own"),
    ("state", add("vendor/.git", "gitdir: /tmp\n"), "a nested .git file"),
    ("state", add("a/.GIT/config"), "another case of .git"),
    ("state", add("a/git~1/config"), "its short name"),
    ("state", add("a/.g\u200cit/config"), "a zero-width character"),
    ("state", add("a/.git ./config"), "trailing blanks and dots"),
    ("state", add("a/.g\uff49t/config"), "a full-width letter"),
    ("state", add("a/.git::$INDEX_ALLOCATION/config"), "a stream"),
    ("state", add("a\\..\\.git\\config"), "backslashes"),
    ("state", add("a/../../x"), "a path that climbs"),
    ("git-attributes", add(".gitattributes", "* filter=x\n"), "attributes"),
    ("git-attributes", edit("sub/.gitattributes", "a\n", None), "nested attributes are deleted"),
    ("git-attributes", add(".gitmodules", "x"), "modules"),
    ("symlinks", add("l", "/etc/passwd", after_mode=SYMLINK), "absolute"),
    ("symlinks", add("a/l", "../../x", after_mode=SYMLINK), "climbs out"),
    ("symlinks", add("l", "a/../../x", after_mode=SYMLINK), "climbs out in the middle"),
    ("symlinks", add("l", "", after_mode=SYMLINK), "empty"),
    ("symlinks", edit("l", "x", "/etc", after_mode=SYMLINK), "a file becomes a link"),
    ("symlinks", add("l", "..\\..\\x", after_mode=SYMLINK), "backslashes"),
    ("submodules", Change("s", None, None, ABSENT, SUBMODULE), "a new one"),
    ("submodules", Change("s", None, None, SUBMODULE, SUBMODULE, "1", "2"), "one that moves"),
    ("submodules", Change("s", None, None, SUBMODULE, ABSENT), "one that goes"),
    ("startup-code", add("sitecustomize.py"), "sitecustomize"),
    ("startup-code", add("src/usercustomize.py"), "usercustomize"),
    ("startup-code", add("src/evil.pth", "import os\n"), "pth"),
    ("startup-code", add("src/a.pyc", b"\0"), "bytecode"),
    ("executable-bit", edit("a.sh", "x", "x", after_mode=EXECUTABLE), "becomes a program"),
    ("executable-bit", add("a.sh", "x", after_mode=EXECUTABLE), "a new program"),
    ("executable-bit", edit("a.sh", "x", "x", before_mode=EXECUTABLE), "is no program any more"),
    ("size", Change("big", None, None, ABSENT, REGULAR, "", "1", oversized=True), "too large"),
]
SILENT = [
    (edit("src/a.py", "import os\nx = 1\n", "x = 1\n"), "an ordinary edit"),
    (add("tests/test_new.py", "def test(): assert 1\n"), "a new test"),
    (edit("src/contest.py", "a = 1\n", "a = 2\n"), "a name that only sounds like a test"),
    (edit("pyproject.toml", TOML, TOML.replace('"x"', '"y"')), "the project's name"),
    (edit("pyproject.toml", TOML, "# note\n" + TOML), "a comment in pyproject"),
    (edit("setup.cfg", CFG, CFG.replace("name = x", "name = y")), "packaging in setup.cfg"),
    (edit("src/a.py", "import os  # noqa: F401\n", "x = 1\n"), "a suppression less"),
    (edit("src/a.py", "x = 1  # noqa\ny = 2\n", "y = 2\nz = 3\nx = 1  # noqa\n"), "a suppression moves"),
    (edit("src/a.py", "x = 1  # type: ignore\n", "x = 1  # type: ignore[misc]\n"), "a suppression is narrowed"),
    (edit("src/a.py", "x\n", 'x = "# noqa"\ny = """\n# type: ignore\n"""\n'), "strings that mention them"),
    (edit("src/a.py", "x\n", "x  # read about noqa and pragmas in the docs\n"), "a comment that mentions them"),
    (edit("src/a.py", "x\n", "parser.skip(1)\nself.skip()\nmark = 1\n"), "other methods named skip"),
    (edit("README.md", "x\n", "Use `# noqa` and pytest.mark.skip\n"), "prose"),
    (edit("src/a.py", None, "x = 1\n"), "a new module"),
    (edit("src/circle.py", "a\n", "b\n"), "a name that holds ci"),
    (edit("requirements.txt", "a==1\n", "a==2\n"), "requirements without hashes"),
    (edit("src/lock.py", "a\n", "b\n"), "a module named lock"),
    (add("a.py", "key = 'AKIAIOSFODNN7EXAMPLE'\n"), "the example key of the documentation"),
    (add("a.py", "password = 'correct horse battery staple'\n"), "words"),
    (add("a.py", "token = 'linestop.audit.tokens.Token'\n"), "a dotted name"),
    (add("a.py", f"digest = '{'0123456789abcdef' * 4}'\n"), "a hash that is not called a secret"),
    (add("a.py", "u = 'https://user:{password}@host.org'\nv = 'http://localhost:8000/x@y'\n"), "a URL template"),
    (edit("src/a.py", f"key = '{KEY}'\n", f"x = 1\nkey = '{KEY}'\n"), "a secret that was there already"),
    (edit("src/a.py", f"key = '{KEY}'\n", "x = 1\n"), "a secret that goes"),
    (add(".gitignore", "*.pyc\n"), "gitignore"),
    (add("src/git.py"), "a module named git"),
    (add("linestop/x.py"), "a folder of our name without the dot"),
    (add("a/l", "../src/a.py", after_mode=SYMLINK), "a link inside"),
    (edit("l", "/etc", None, before_mode=SYMLINK), "a link that leads out goes"),
    (edit("src/evil.pth", "x", None), "startup code goes"),
    (edit("src/a.py", "import os\n", ""), "a module that only had an unused import is empty"),
    (edit("src/a.py", "def f(): ...\ndef g(): ...\n", "def g(): ...\n"), "dead code goes"),
    (edit("a.sh", "x", "y", before_mode=EXECUTABLE, after_mode=EXECUTABLE), "a program is edited"),
    (Change("big", None, None, REGULAR, ABSENT, "1", "", oversized=True), "a large file goes"),
    (add("src/" + "x" * 300), "a long name"),
]


@pytest.mark.parametrize(
    ("rule", "change"), [pytest.param(rule, change, id=f"{rule}: {name}") for rule, change, name in FIRES]
)
def test_a_guard_fires(rule: str, change: Change) -> None:
    assert rule in rules(change)


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for change, name in SILENT])
def test_no_guard_fires(change: Change) -> None:
    assert rules(change) == []


def test_every_guard_has_a_proof_that_it_can_fire() -> None:
    assert {rule for rule, _, _ in FIRES} | {"scope"} == set(GUARDS)


@pytest.mark.parametrize(
    ("scope", "path", "outside"),
    [
        pytest.param("src/a.py", "src/a.py", False, id="the file itself"),
        pytest.param("src/a.py", "src/b.py", True, id="its neighbour"),
        pytest.param("src", "src/deep/b.py", False, id="a folder holds all below"),
        pytest.param("src/", "src/b.py", False, id="a folder with a slash"),
        pytest.param("src", "src2/b.py", True, id="a folder whose name only begins alike"),
        pytest.param("src/**", "src/deep/b.py", False, id="two stars"),
        pytest.param("**/*.py", "src/deep/b.py", False, id="a suffix anywhere"),
        pytest.param("src/*.py", "other/src/b.py", True, id="no match in the middle"),
        pytest.param("[[]a].py", "[a].py", False, id="a quoted bracket"),
        pytest.param("a b\n.py", "a b\n.py", False, id="a blank and a newline"),
        pytest.param("-rf", "-rf", False, id="a leading dash"),
        pytest.param("SRC/a.py", "src/a.py", True, id="case counts"),
        pytest.param("src/a.py", "src/a.py\n", True, id="a newline at the end counts"),
    ],
)
def test_scope_is_the_globs_of_the_plan(scope: str, path: str, *, outside: bool) -> None:
    assert rules(add(path), scope=(scope,)) == (["scope"] if outside else [])


def test_five_files_out_of_scope_call_for_a_review_of_the_plan() -> None:
    few = violations(*(add(f"x{n}.py") for n in range(4)), scope=("src",))
    many = violations(*(add(f"x{n}.py") for n in range(5)), scope=("src",))
    assert len(few) == 4
    assert not any("review" in one.message for one in few)
    (one,) = many
    assert "rolled back" in one.message
    assert "review" in one.message


def test_a_rename_of_a_test_counts_as_its_deletion() -> None:
    assert rules(edit("tests/test_a.py", "x\n", None), add("tests/test_b.py", "x\n")) == ["tests"]


def test_code_that_moves_to_a_new_file_takes_its_suppressions_along() -> None:
    line = "import os  # noqa: F401\n"
    assert rules(edit("a.py", line, "x = 1\n"), add("b.py", line)) == []
    assert rules(edit("a.py", line, line), add("b.py", line)) == ["suppressions"]


def test_a_secret_is_never_quoted() -> None:
    assert KEY not in str(violations(add("a.py", f"key = '{KEY}'\n")))


def test_a_violation_says_where_and_what_to_do_in_harmless_text() -> None:
    (one,) = violations(edit("tests/test_\x1b[31m\n\udcff.py", "a\n", "b\n"))
    assert one.path == "tests/test_ \\xff.py"
    assert one.message.startswith(one.path)
    assert "petition" in one.message
    one.model_dump_json()


def test_the_allow_list_excepts_paths_from_one_rule_only() -> None:
    change = edit("src/legacy/a.py", "x\n", f"x  # noqa\nkey = '{KEY}'\n")
    assert rules(change, allow=("suppressions:src/legacy/*",)) == ["secrets"]
    assert rules(change, allow=("suppressions:src/other/*",)) == ["secrets", "suppressions"]
    assert rules(add("CHANGELOG.md"), scope=("src",), allow=("scope:CHANGELOG.md",)) == []


@pytest.mark.parametrize(
    "entry",
    ["suppresions:src/*", "suppressions", "suppressions:", ":src", *(f"{rule}:*" for rule in sorted(NEVER_ALLOWED))],
)
def test_an_allowance_that_allows_nothing_is_an_error(entry: str) -> None:
    with pytest.raises(PolicyError, match=r"guards\.allow"):
        violations(add("src/a.py"), allow=(entry,))


def test_a_diff_of_thousands_of_files_is_refused_in_few_words() -> None:
    found = violations(*(edit(f"tests/test_{n}.py", "a\n", "b\n") for n in range(3000)))
    assert len(found) == 21
    assert found[-1].message == "and 2980 more files"


def test_what_is_hostile_to_parsers_is_judged_without_an_error() -> None:
    texts = ("(" * 100_000, "x = " + "9" * 10_000, "\0", "\\", "'''", "\t x\n  y", "# noqa " * 50_000, "=" * 100_000)
    texts += (f"# type: ignore[{','.join(f'a{n}' for n in range(50_000))}]",)
    for text in texts:
        violations(add("a.py", text), edit("pyproject.toml", TOML, text), edit("setup.cfg", CFG, text))


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_a_guard_is_silent_about_nothing(guard: Callable[..., object]) -> None:
    assert violations() == ()
