"""Puts claims into a page. Owns what is rewritten: stale blocks, and nothing a person wrote."""

from collections.abc import Collection
from itertools import takewhile

from linestop.wiki.claims import HANDS_OFF, NOTES, Block, Claim, Part, outside, parse
from linestop.wiki.pages.page import Page

Key = tuple[str, str]


def key(one: Claim | Block) -> Key:
    """Return what makes a claim the same one in any page: its id and its source."""
    return one.id, one.src


def fresh(page: Page) -> str:
    """Return the page as it is written the first time."""
    return "\n\n".join([*(claim.text for claim in page.claims), NOTES]) + "\n"


def merged(existing: str, page: Page, *, known: Collection[Key] = (), restore: bool = False) -> str:
    """Return the existing page with its stale blocks rewritten, missing ones added, obsolete ones gone.

    A block that a person edited stays as it is unless `restore`; so does a copy of another page's claim (`known` holds
    the keys of all claims there are). A page that says hands off is returned as it is.
    """
    if hands_off(existing):
        return existing
    wanted = {key(claim): claim for claim in page.claims}
    parts: list[Part] = []
    done: set[Key] = set()
    for part in parse(existing):
        if not isinstance(part, Block):
            parts.append(part)
        elif key(part) in wanted and key(part) not in done:
            done.add(key(part))
            parts.append(_rewritten(part, wanted[key(part)], restore=restore))
        elif key(part) in known or key(part) in wanted or (part.edited and not restore):
            parts.append(part)
        else:
            parts.append("")
    return _with_missing(parts, page, done)


def hands_off(text: str) -> bool:
    """Return whether people asked that a page is never touched."""
    return HANDS_OFF in outside(text)


def _rewritten(block: Block, claim: Claim, *, restore: bool) -> Part:
    if (block.edited and not restore) or (block.says(claim) and not block.edited):
        return block
    line_end = "\r\n" if "\r\n" in block.text else "\n"
    text = claim.text.replace("\n", line_end)
    return text + (line_end if block.text.endswith("\n") else "")


def _with_missing(parts: list[Part], page: Page, done: set[Key]) -> str:
    """Insert each missing claim behind the one before it in order; a page without any gets all at its end."""
    if not done:
        return _appended("".join(part if isinstance(part, str) else part.text for part in parts), page)
    places = _places(parts, page)
    texts = [part if isinstance(part, str) else part.text for part in parts]
    leading = list(takewhile(lambda claim: key(claim) not in done, page.claims))
    before = key(page.claims[len(leading)])
    for claim in page.claims[len(leading) :]:
        if key(claim) not in done:
            texts[places[before]] = texts[places[before]].rstrip("\r\n") + f"\n\n{claim.text}\n"
            places[key(claim)] = places[before]
        before = key(claim)
    first = min(places.values())
    texts[first] = "".join(f"{claim.text}\n\n" for claim in leading) + texts[first]
    return "".join(texts)


def _places(parts: list[Part], page: Page) -> dict[Key, int]:
    """Return where the page's claims stand among the parts, those just rewritten included."""
    wanted = {key(claim) for claim in page.claims}
    places: dict[Key, int] = {}
    for index, part in enumerate(parts):
        for block in [part] if isinstance(part, Block) else [one for one in parse(part) if isinstance(one, Block)]:
            if key(block) in wanted:
                places.setdefault(key(block), index)
    return places


def _appended(text: str, page: Page) -> str:
    """Return a person's page with all claims after what they wrote."""
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return text + gap + "\n\n".join(claim.text for claim in page.claims) + "\n"
