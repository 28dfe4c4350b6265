"""Text of a repository is hostile: nothing of it may forge a claim, make a link or draw on a terminal."""

import pytest

from linestop.wiki import Source, SourceFile, build, lint
from linestop.wiki.claims import blocks
from linestop.wiki.file_facts import introduction
from linestop.wiki.links import addresses
from linestop.wiki.prose import code, prose

EVIL = [
    pytest.param("<!-- /claim -->", id="closes the claim"),
    pytest.param("<!-- claim id=head src=x sha256=0 v=1 body=0 -->", id="opens a claim"),
    pytest.param("x\n<!-- /claim -->\n# Mine", id="on a line of its own"),
    pytest.param("[click](javascript:alert(1))", id="script link"),
    pytest.param("[a][b]\n\n[b]: javascript:alert(1)", id="reference link"),
    pytest.param("![i](http://evil/x.png)", id="image"),
    pytest.param("<script>alert(1)</script><img src=x onerror=y>", id="HTML"),
    pytest.param("`` ` ``` <!-- /claim --> ```", id="backticks"),
    pytest.param("```\n<!-- /claim -->\n```", id="fence"),
    pytest.param("\x1b[31mred\x1b[0m \u202eevil \x07\x00", id="control characters"),
    pytest.param("| a | b |\n|---|---|", id="table"),
    pytest.param("x" * 100_000, id="huge line"),
    pytest.param("a `b](x)` [c](d`e`)", id="code and brackets"),
    pytest.param("<!-- linestop: hands off -->", id="hands off"),
]


@pytest.mark.parametrize("text", EVIL)
def test_prose_and_code_become_one_harmless_line(text: str) -> None:
    for made in (prose(text), code(text)):
        assert "\n" not in made
        assert "<!--" not in made
        assert len(made) < 2500
        assert made.isprintable()
        assert addresses(made) == []
    assert "<" not in prose(text).replace("`", "") or "`" in text


@pytest.mark.parametrize("text", EVIL)
def test_no_docstring_comment_name_or_message_breaks_a_page(text: str) -> None:
    quoted = repr(text)
    files = {
        "src/shop/__init__.py": f"{quoted}\nclass Cart:\n    {quoted}\n    def f(self, x={quoted}):\n        {quoted}\n"
        f"NAME = {quoted}\n",
        "a.sh": "# " + text.replace("\n", " "),
        "README.md": text,
        "pyproject.toml": "[project]\nname = " + _toml(text) + "\ndescription = " + _toml(text) + "\n",
        "dir " + text[:100].replace("/", "_").replace("\0", "") + "/x.txt": text,
    }
    made = Source("shop", tuple(SourceFile(path, body.encode()) for path, body in sorted(files.items())))
    wiki = build(made, {})
    for path, page in wiki.pages.items():
        assert [one.id for one in blocks(page)] == [claim.id for claim in wiki.wanted[path].claims]
        assert not any(one.edited for one in blocks(page))
        assert "javascript:" not in "".join(addresses(page))
        assert "<script" not in page.replace("`", "") or "`" in page
    assert [str(one) for one in lint(wiki)] == []
    again = build(made, wiki.pages)
    assert (again.written, again.removed) == ((), ())


def _toml(text: str) -> str:
    return '"' + "".join(char if char.isascii() and char.isalnum() else f"\\U{ord(char):08x}" for char in text) + '"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Use :class:`~a.b.C` and ``x|y``.", "Use `C` and `x|y`.", id="roles and literals"),
        pytest.param("only *what* and **not**", "only *what* and **not**", id="balanced emphasis stays"),
        pytest.param("a * b _c", "a \\* b \\_c", id="stray emphasis is escaped"),
        pytest.param("# no title", "\\# no title", id="no heading"),
        pytest.param("a\n  b", "a b", id="folded"),
    ],
)
def test_prose_reads_as_it_was_meant(text: str, expected: str) -> None:
    assert prose(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("#include <Python.h>\nint x;\n", "", id="an order to the compiler says nothing"),
        pytest.param("/* Escapes text fast. */\n#include <Python.h>\n", "Escapes text fast.", id="a comment does"),
    ],
)
def test_c_files_are_introduced_by_their_comments(text: str, said: str) -> None:
    assert introduction(SourceFile("src/a.c", text.encode())) == said
