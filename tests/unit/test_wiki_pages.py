"""Pages as a newcomer reads them: what is said of Python in depth, and of any other file."""

import hashlib
import re

import pytest

from linestop.wiki import Commit, Delivery, Source, SourceFile, build, lint
from linestop.wiki.atlas import read
from linestop.wiki.claims import blocks
from linestop.wiki.links import linkers, targets

SHOP: dict[str, str | bytes] = {
    "pyproject.toml": '[project]\nname = "shop"\ndescription = "Sells things."\nrequires-python = ">=3.11"\n'
    'scripts = {shop = "shop.cli:main"}\n[tool.pytest.ini_options]\n[tool.ruff]\n',
    "README.md": "# Shop\n\nA shop that sells things to people who want them.\n",
    "src/shop/__init__.py": '"""A shop."""\nfrom .cart import Cart\n__all__ = ["Cart"]\n',
    "src/shop/cart.py": '"""Carts."""\nfrom dataclasses import dataclass\nfrom shop.money import Money\n\n'
    '@dataclass\nclass Cart:\n    """What a customer wants."""\n    items: list[str]\n\n'
    '    def total(self, *, tax: float = 0.2) -> Money:\n        """Return the sum."""\n        return Money()\n',
    "src/shop/money.py": '"""Money, exact."""\nclass Money:\n    """An amount."""\n\nclass MoneyError(ValueError):\n'
    '    """No amount."""\n\nLIMIT = 10\n\ndef parse(text: str, /, sign: bool = False) -> Money:\n    """Read it."""\n',
    "tests/test_cart.py": "from shop import Cart\n\ndef test_it():\n    assert Cart\n",
    "web/app.js": "// The shop's page.\nrun();\n",
}


def source(files: dict[str, str | bytes], **more: object) -> Source:
    made = tuple(
        SourceFile(path, text.encode() if isinstance(text, str) else text) for path, text in sorted(files.items())
    )
    return Source("shop", made, **more)  # type: ignore[arg-type]


def page(files: dict[str, str | bytes], path: str, **more: object) -> str:
    return build(source(files, **more), {}).pages[path]


def test_a_module_page_states_purpose_api_connections_and_tests() -> None:
    text = page(SHOP, "wiki/20_SYSTEM/shop.cart.md")
    assert "# shop.cart" in text
    assert "Carts." in text
    assert "`class shop.cart.Cart`" in text
    assert "`total(*, tax: float=0.2) -> Money`: Return the sum." in text
    assert "`items: list[str]`" in text
    assert "**Imports**: [shop.money](shop.money.md)" in text
    assert "**Imported by**: [shop](shop.md)" in text
    assert "[`tests/test_cart.py`](../../tests/test_cart.py)" in text


def test_a_function_keeps_its_whole_signature() -> None:
    assert "`def shop.money.parse(text: str, /, sign: bool=False) -> Money`: Read it." in page(
        SHOP, "wiki/20_SYSTEM/shop.money.md"
    )


def test_a_claim_about_a_file_carries_its_sha256() -> None:
    head = next(one for one in blocks(page(SHOP, "wiki/20_SYSTEM/shop.money.md")) if one.id == "head")
    assert head.src == "src/shop/money.py"
    assert head.sha256 == hashlib.sha256(str(SHOP["src/shop/money.py"]).encode()).hexdigest()


def test_concepts_are_grouped_by_what_they_are() -> None:
    text = page(SHOP, "wiki/10_DOMAIN/shop.md")
    assert text.index("## Classes") < text.index("## Dataclasses") < text.index("## Exceptions")
    assert "**Cart**: What a customer wants. Holds: `items`." in text
    assert "[Money](shop.md): An amount." in page(SHOP, "wiki/10_DOMAIN/glossary-of-concepts.md")


def test_the_context_tells_a_fresh_agent_how_to_test_and_where_things_are() -> None:
    text = page(SHOP, "agents/CONTEXT.md")
    assert "`python -m pytest` (found in [`pyproject.toml`](../pyproject.toml))" in text
    assert "[`src/`](../src): 3 modules" in text
    assert "`shop` → `shop.cli:main`" in text
    assert "src layout; `__all__` is used" in text


def test_other_languages_are_described_at_file_level() -> None:
    assert "| [`app.js`](../../../web/app.js) | 2 lines | The shop's page. |" in page(
        SHOP, "wiki/20_SYSTEM/files/web.md"
    )


def test_every_link_leads_somewhere_and_back() -> None:
    wiki = build(source(SHOP), {})
    back = linkers(wiki.pages, wiki.pages)
    one_way = [
        (path, to) for path, text in wiki.pages.items() for to in targets(path, text)
        if to in wiki.pages and to != path and to not in back[path]
    ]  # fmt: skip
    assert one_way == []
    assert lint(wiki) == ()


def test_building_on_its_own_result_changes_nothing() -> None:
    first = build(source(SHOP), {})
    second = build(source(SHOP), first.pages)
    assert (second.written, second.removed) == ((), ())


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"src/a/b.py": ""}, {"src/a/b.py": "a.b"}, id="namespace package in a src layout"),
        pytest.param({"a/__init__.py": "", "a/b.py": ""}, {"a/__init__.py": "a", "a/b.py": "a.b"}, id="flat layout"),
        pytest.param({"one.py": ""}, {"one.py": "one"}, id="single module"),
        pytest.param({"setup.py": "", "conftest.py": ""}, {}, id="tooling is no module"),
        pytest.param({"docs/conf.py": "", "scripts/x.py": ""}, {}, id="scripts are no modules"),
        pytest.param(
            {"flows/a.py": "import flows.b", "flows/b.py": ""}, {"flows/a.py": "flows.a", "flows/b.py": "flows.b"},
            id="a folder that is imported is a namespace package",
        ),
        pytest.param(
            {"x/src/p/__init__.py": "", "y/src/p/__init__.py": ""},
            {"x/src/p/__init__.py": "p@x/src", "y/src/p/__init__.py": "p@y/src"},
            id="the same package twice",
        ),
        pytest.param({"src/my-app/x.py": ""}, {}, id="no identifier"),
    ],
)  # fmt: skip
def test_modules_are_named_as_they_are_imported(files: dict[str, str | bytes], expected: dict[str, str]) -> None:
    assert read(source(files)).modules == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"def broken(:\n", id="syntax error"),
        pytest.param(b"x = '\0'\n", id="NUL byte"),
        pytest.param(b"(" * 5000, id="too deep"),
        pytest.param(b"x = " + b"-" * 50_000 + b"1", id="recursion"),
        pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
    ],
)
def test_a_file_that_python_cannot_read_is_described_with_its_error(text: bytes) -> None:
    made = page({"src/shop/bad.py": text}, "wiki/20_SYSTEM/shop.bad.md")
    assert "**Python can't read it**" in made


def test_a_repository_without_python_gets_pages_for_its_folders() -> None:
    wiki = build(source({"main.go": "// Package main starts it.\npackage main\n", "lib/a.rs": "//! A library.\n"}), {})
    assert "Package main starts it." in wiki.pages["wiki/20_SYSTEM/files/root.md"]
    assert "A library." in wiki.pages["wiki/20_SYSTEM/files/lib.md"]
    assert lint(wiki) == ()


def test_an_empty_tree_gets_a_wiki_too() -> None:
    wiki = build(source({}), {})
    assert lint(wiki) == ()


def test_odd_file_names_get_safe_pages_of_their_own() -> None:
    odd = [
        "a b/x.txt",
        "a-b/x.txt",
        "A-B/x.txt",
        "-rf/x",
        "né\nw/x",
        "..b/x",
        "con`](x)/y",
        "caf\udce9/x",
        "root/x",
        "a.b/c",
        "a/b/c",
    ]
    wiki = build(source(dict.fromkeys(odd, "x\n")), {})
    made = [path.rpartition("/")[2] for path in wiki.pages if "/files/" in path]
    assert len(made) == len({name.casefold() for name in made})
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+\.md", name) and not name.startswith(("-", ".")) for name in made)
    assert lint(wiki) == ()
    for text in wiki.pages.values():
        text.encode("utf-8")


def test_the_log_lists_commits_by_month_and_links_what_they_touched() -> None:
    commits = (
        Commit("b" * 40, 1763600000, "Ann", "fix: count <all>", ("src/shop/cart.py",)),
        Commit("a" * 40, 1700000000, "Bob", "start", ("src/shop/money.py",)),
    )
    wiki = build(source(SHOP, commits=commits), {})
    year = wiki.pages["wiki/90_LOG/2025.md"]
    assert "## November 2025" in year
    assert "`bbbbbbbbbb` fix: count &lt;all&gt; (Ann; [shop.cart](../20_SYSTEM/shop.cart.md))" in year
    assert "wiki/90_LOG/2023.md" in wiki.pages
    assert "[2025-11-20](../90_LOG/2025.md)" in wiki.pages["wiki/20_SYSTEM/shop.cart.md"]


def test_a_delivery_stays_listed_where_its_run_record_is_not() -> None:
    one = Delivery("T-1", "run-1", "c" * 40, "removed dead code")
    first = build(source(SHOP, deliveries=(one,)), {})
    assert "`T-1`" in first.pages["wiki/90_LOG/deliveries.md"]
    elsewhere = build(source(SHOP), first.pages)
    assert (elsewhere.written, elsewhere.removed) == ((), ())


def test_plans_of_the_commit_are_listed() -> None:
    text = page({**SHOP, "plans/shop-bugs.md": "---\ntitle: Bugs\n---\n"}, "wiki/90_LOG/plans.md")
    assert "[Bugs](../../plans/shop-bugs.md)" in text


def test_a_hundred_thousand_lines_take_seconds() -> None:
    from time import thread_time  # noqa: PLC0415

    body = "".join(f'def f{n}(a: int) -> int:\n    """Return it."""\n    return a\n\n\n' for n in range(100))
    files: dict[str, str | bytes] = {f"src/big/m{n}.py": f"import big.m{(n + 1) % 200}\n{body}" for n in range(200)}
    start = thread_time()
    wiki = build(source(files), {})
    lint(wiki)
    assert thread_time() - start < 20  # about 3 on the machine it was written on
