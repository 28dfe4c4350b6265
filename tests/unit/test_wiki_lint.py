"""Lint says what is wrong with the pages; --fix mends what has one right answer, up to 10 problems."""

import pytest

from linestop.wiki import ProblemKind, Source, SourceFile, Wiki, build, lint, may_mend, mended
from linestop.wiki.claims import blocks

CART = "wiki/20_SYSTEM/shop.cart.md"
MINE = "wiki/10_DOMAIN/mine.md"
FILES = {
    "src/shop/__init__.py": '"""A shop."""\n',
    "src/shop/cart.py": '"""Carts."""\nclass Cart:\n    """One."""\n\ndef fill(cart, n=1):\n    """Fill it."""\n',
}
SOURCE = Source("shop", tuple(SourceFile(path, text.encode()) for path, text in sorted(FILES.items())))


def wiki_with(path: str, text: str) -> Wiki:
    pages = build(SOURCE, {}).pages
    linked = {**pages, path: text, "wiki/index.md": pages["wiki/index.md"] + "\n[m](10_DOMAIN/mine.md)\n"}
    return build(SOURCE, linked)


def copied(claim_id: str, **change: str) -> str:
    text = next(one.text for one in blocks(build(SOURCE, {}).pages[CART]) if one.id == claim_id)
    for old, new in change.items():
        text = text.replace(old, new)
    return text


CASES = [
    pytest.param("[x](../20_SYSTEM/nowhere.md)\n", ProblemKind.DEAD_LINK, False, id="dead link"),
    pytest.param("[x](../shop.cart.md)\n", ProblemKind.DEAD_LINK, True, id="dead link to a page that lies elsewhere"),
    pytest.param("[x](../../../../etc/passwd)\n", ProblemKind.DEAD_LINK, False, id="link out of the repository"),
    pytest.param(
        "`def shop.cart.fill(cart)`\n", ProblemKind.CONTRADICTION, True, id="another signature than the code's"
    ),
    pytest.param("`class shop.cart.Cart(Base)`\n", ProblemKind.CONTRADICTION, True, id="another base"),
    pytest.param(copied("api", **{"sha256=": "sha256=0"}), ProblemKind.STALE, True, id="stale copy of a claim"),
    pytest.param("<!-- claim id=x src=y -->\n", ProblemKind.BROKEN, False, id="marker without end"),
    pytest.param(copied("api", **{"Fill it.": "Empty it."}), ProblemKind.EDITED, True, id="edited inside a claim"),
]


@pytest.mark.parametrize(("text", "kind", "fixable"), CASES)
def test_a_problem_is_found_on_its_page(text: str, kind: ProblemKind, fixable: bool) -> None:
    assert [(one.kind, one.page, one.fixable) for one in lint(wiki_with(MINE, text))] == [(kind, MINE, fixable)]


@pytest.mark.parametrize(("text", "kind", "fixable"), CASES)
def test_a_fix_mends_what_has_one_right_answer_and_leaves_the_rest(
    text: str,
    kind: ProblemKind,
    fixable: bool,
) -> None:
    wiki = wiki_with(MINE, text)
    again = mended(wiki, lint(wiki))
    assert [one.kind for one in lint(again)] == ([] if fixable else [kind])
    if not fixable:
        assert again.pages[MINE] == wiki.pages[MINE]
    assert build(SOURCE, again.pages).written == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[x](../20_SYSTEM/shop.cart.md#cart)\n", id="link with an anchor"),
        pytest.param("[x](https://example.org/a) [y](#here) <mailto:a@b.c>\n", id="links elsewhere"),
        pytest.param("[x](../../src/shop/cart.py) [y](../../src)\n", id="links to source"),
        pytest.param("`[x](nowhere.md)`\n\n```\n[x](nowhere.md)\n```\n", id="links in code"),
        pytest.param("<!-- [x](nowhere.md) -->\n", id="links in comments"),
        pytest.param(
            "`def shop.cart.fill(cart, n=1)` and `shop.cart.fill(my_cart)`\n", id="right statement and a call"
        ),
        pytest.param("`class other.Thing(Base)`\n", id="a symbol of somebody else"),
        pytest.param(copied("api"), id="true copy of a claim"),
    ],
)
def test_what_is_right_is_no_problem(text: str) -> None:
    assert [str(one) for one in lint(wiki_with(MINE, text))] == []


def test_two_pages_that_disagree_about_a_symbol_of_nobody_are_reported() -> None:
    wiki = wiki_with(MINE, "`class api.Thing(A)`\n\n`class api.Thing(B)`\n")
    assert {(one.kind, one.fixable) for one in lint(wiki)} == {(ProblemKind.CONTRADICTION, False)}


def test_an_orphan_is_found_and_listed_in_the_index_by_a_fix() -> None:
    pages = {**build(SOURCE, {}).pages, MINE: "# Mine\n"}
    wiki = build(SOURCE, pages)
    problems = lint(wiki)
    assert [(one.kind, one.page) for one in problems] == [(ProblemKind.ORPHAN, MINE)]
    again = mended(wiki, problems)
    assert "(10_DOMAIN/mine.md)" in again.pages["wiki/index.md"]
    assert lint(again) == ()
    later = build(SOURCE, again.pages)
    assert later.written == ()
    gone = build(SOURCE, {path: text for path, text in again.pages.items() if path != MINE})
    assert "mine.md" not in gone.pages["wiki/index.md"]


@pytest.mark.parametrize(("count", "may"), [(10, True), (11, False)])
def test_more_than_ten_problems_wait_for_a_person(count: int, may: bool) -> None:
    wiki = wiki_with(MINE, "\n".join(f"[x](nowhere{n}.md)" for n in range(count)))
    assert may_mend(lint(wiki)) is may
