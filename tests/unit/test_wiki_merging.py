"""What people wrote is kept byte for byte; only stale blocks are rewritten."""

import re

import pytest

from linestop.wiki import Source, SourceFile, build, lint
from linestop.wiki.claims import NOTES, blocks, outside, parse
from linestop.wiki.page_merge import merge_pages
from linestop.wiki.problems import ProblemKind

CART = "wiki/20_SYSTEM/shop.cart.md"


def source(**changed: str | None) -> Source:
    files = {
        "src/shop/__init__.py": '"""A shop."""\n',
        "src/shop/cart.py": '"""Carts."""\nclass Cart:\n    """One."""\n',
        "src/shop/money.py": '"""Money."""\nclass Money:\n    """One."""\n',
    }
    for name, text in changed.items():
        files[f"src/shop/{name}.py"] = text or ""
    kept = {path: text for path, text in files.items() if text}
    return Source("shop", tuple(SourceFile(path, text.encode()) for path, text in sorted(kept.items())))


def edited(text: str, *, mark: str = "<!-- /claim -->\n") -> str:
    """Put a person's lines in front of, between and behind the blocks."""
    first, _, rest = text.partition(mark)
    return f"Before.\n\n{first}{mark}\nBetween,  with trailing blanks   \n{rest}\n\nBehind, no line end"


def test_a_change_of_one_module_rewrites_its_claims_and_no_others() -> None:
    first = build(source(), {})
    second = build(source(cart='"""Baskets."""\nclass Cart:\n    """One."""\n'), first.pages)
    assert CART in second.written
    assert "wiki/20_SYSTEM/shop.money.md" not in second.written
    old, new = blocks(first.pages[CART]), blocks(second.pages[CART])
    assert [a.id for a, b in zip(old, new, strict=True) if a.text != b.text] == ["head", "api"]


def test_text_of_people_survives_a_change_byte_for_byte() -> None:
    pages = build(source(), {}).pages
    pages[CART] = edited(pages[CART])
    again = build(source(cart='"""Baskets."""\n'), pages)
    kept = [part for part in parse(again.pages[CART]) if isinstance(part, str)]
    assert "Before.\n\n" in kept
    assert any("\nBetween,  with trailing blanks   \n" in part for part in kept)
    assert again.pages[CART].endswith("\n\nBehind, no line end")
    assert "Baskets." in again.pages[CART]
    assert CART in again.kept


def test_a_page_with_dos_line_ends_is_neither_edited_nor_rewritten() -> None:
    pages = build(source(), {}).pages
    pages[CART] = pages[CART].replace("\n", "\r\n")
    again = build(source(), pages)
    assert again.written == ()
    assert again.kept == ()


def test_a_block_that_a_person_edited_is_left_alone_and_reported() -> None:
    pages = build(source(), {}).pages
    pages[CART] = pages[CART].replace("Carts.", "Carts, and more.")
    again = build(source(cart='"""Baskets."""\n'), pages)
    assert "Carts, and more." in again.pages[CART]
    assert [(one.kind, one.page) for one in lint(again)] == [(ProblemKind.EDITED, CART)]


def test_the_page_of_a_module_that_is_gone_goes_too() -> None:
    first = build(source(), {})
    second = build(source(cart=None), first.pages)
    assert second.removed == (CART,)
    assert lint(second) == ()


def test_the_page_of_a_module_that_is_gone_stays_where_a_person_wrote() -> None:
    pages = build(source(), {}).pages
    pages[CART] += "\nMine.\n"
    second = build(source(cart=None), pages)
    assert second.pages[CART] == pages[CART]
    problems = [one for one in lint(second) if one.page == CART]
    assert {one.kind for one in problems} >= {ProblemKind.STALE}
    assert any("is gone" in one.detail for one in problems)


@pytest.mark.parametrize("mine", ["# My cart\n\nAll about it.\n", "no line end", "\udce9 bytes\r\n\r\nx"])
def test_a_persons_own_page_at_a_generated_path_keeps_its_text_in_front(mine: str) -> None:
    again = build(source(), {CART: mine})
    assert again.pages[CART].startswith(mine)
    assert outside(again.pages[CART]) == mine.replace("\r\n", "\n").strip()
    assert build(source(), again.pages).written == ()


def test_a_page_that_says_hands_off_is_never_touched() -> None:
    mine = "# Mine\n\n<!-- linestop: hands off -->\n"
    again = build(source(), {CART: mine})
    assert again.pages[CART] == mine
    assert [one.kind for one in lint(again) if one.page == CART] == [ProblemKind.GAP]


def test_a_marker_without_end_loses_nothing() -> None:
    pages = build(source(), {}).pages
    pages[CART] = pages[CART].replace("<!-- /claim -->\n", "Mine.\n", 1)
    again = build(source(), pages)
    assert "Mine." in again.pages[CART]
    assert "head" in {one.id for one in blocks(again.pages[CART])}
    assert ProblemKind.BROKEN in {one.kind for one in lint(again)}
    assert build(source(), again.pages).written == ()


def test_a_block_that_a_person_removed_comes_back_in_its_place() -> None:
    pages = build(source(), {}).pages
    api = next(one for one in blocks(pages[CART]) if one.id == "api")
    pages[CART] = pages[CART].replace(api.text, "")
    again = build(source(), pages)
    assert [one.id for one in blocks(again.pages[CART])] == [one.id for one in blocks(build(source(), {}).pages[CART])]


def test_a_page_of_a_person_anywhere_in_the_wiki_is_kept() -> None:
    pages = {**build(source(), {}).pages, "wiki/10_DOMAIN/prices.md": "# Prices\n\n[cart](../20_SYSTEM/shop.cart.md)\n"}
    again = build(source(), pages)
    assert again.pages["wiki/10_DOMAIN/prices.md"] == pages["wiki/10_DOMAIN/prices.md"]
    assert "[10_DOMAIN/prices](../10_DOMAIN/prices.md)" in again.pages[CART]


def test_the_parts_of_a_page_are_the_page() -> None:
    text = edited(build(source(), {}).pages[CART]) + "\x0b\u2028<!-- claim id=x -->\n"
    assert "".join(part if isinstance(part, str) else part.text for part in parse(text)) == text


def test_the_invitation_to_write_is_no_persons_text() -> None:
    assert NOTES in build(source(), {}).pages[CART]
    assert build(source(), {}).kept == ()


def union(old: str, ours: str, theirs: str) -> str:
    return "".join(dict.fromkeys(re.findall(r"[^\n]*\n|[^\n]+", ours + theirs)))


@pytest.mark.parametrize(
    ("old", "ours", "theirs", "expected"),
    [
        pytest.param("a", "b", "a", "b", id="we changed"),
        pytest.param("a", "a", "b", "b", id="they changed"),
        pytest.param("a", "b", "b", "b", id="both the same"),
        pytest.param("a", None, "a", None, id="we removed"),
        pytest.param("a", None, "b", "b", id="removed and changed: kept"),
        pytest.param(None, "b", None, "b", id="we added"),
        pytest.param("a\n", "a\nb\n", "a\nc\n", "a\nb\nc\n", id="both added: both kept"),
    ],
)
def test_two_sides_of_a_page_come_together(
    old: str | None, ours: str | None, theirs: str | None, expected: str | None
) -> None:
    sides = [{"p": text} if text is not None else {} for text in (old, ours, theirs)]
    assert merge_pages(*sides, both=union) == ({"p": expected} if expected is not None else {})
