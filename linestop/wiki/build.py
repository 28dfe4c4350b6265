"""Builds a wiki: from a source and the pages there are to the pages as they should be. Pure: texts in, texts out.

Equal source and equal pages give equal texts, and building on its own result changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from linestop.wiki.atlas import INDEX, Atlas, read
from linestop.wiki.claims import Claim, blocks, outside
from linestop.wiki.links import linkers, targets
from linestop.wiki.merge import Key, fresh, hands_off, key, merged
from linestop.wiki.naming import link
from linestop.wiki.pages.domain import domain_pages
from linestop.wiki.pages.front import front_pages
from linestop.wiki.pages.log import DELIVERIES, log_pages
from linestop.wiki.pages.page import Page, about
from linestop.wiki.pages.system import folder_pages, module_pages
from linestop.wiki.prose import escaped, folded
from linestop.wiki.source import Source

MAX_BACKLINKS = 60


@dataclass(frozen=True)
class Wiki:
    """A built wiki. `pages`: path → text, of generated pages and of those that people wrote; `wanted`: as generated."""

    atlas: Atlas
    pages: dict[str, str]
    wanted: dict[str, Page]
    before: dict[str, str]

    @property
    def written(self) -> tuple[str, ...]:
        """Pages whose text differs from before, new ones included."""
        return tuple(sorted(path for path, text in self.pages.items() if self.before.get(path) != text))

    @property
    def removed(self) -> tuple[str, ...]:
        """Pages that are gone: nothing generates them any more and no person wrote on them."""
        return tuple(sorted(set(self.before) - set(self.pages)))

    @property
    def kept(self) -> tuple[str, ...]:
        """Pages that hold a person's text."""
        return tuple(sorted(path for path, text in self.pages.items() if outside(text)))

    def claim(self, wanted: Key) -> Claim | None:
        """Return the claim of a key as it should be, whatever page it stands on."""
        return self._claims.get(wanted)

    @cached_property
    def _claims(self) -> dict[Key, Claim]:
        return {key(claim): claim for page in self.wanted.values() for claim in page.claims}


def build(
    source: Source, existing: Mapping[str, str], *, notes: Sequence[str] | None = None, restore: bool = False
) -> Wiki:
    """Return the wiki of a source over the pages there are.

    Args:
        source: the files, history and deliveries of one commit.
        existing: path → text of every page in the wiki now.
        notes: people's pages that the index shall list; None = those it lists already.
        restore: write blocks that people edited as they should be.
    """
    atlas = read(source)
    listed = [path for path in (notes if notes is not None else _listed(existing)) if path in existing]
    pages = _wanted(atlas, listed, _kept_deliveries(existing))
    own = {path: text for path, text in existing.items() if path not in pages and not _is_ours(text)}
    pages = _with_backlinks(pages, {**own, **_written_by_people(existing)})
    known = {key(claim) for page in pages.values() for claim in page.claims}
    texts = dict(own)
    for path, page in pages.items():
        old = existing.get(path)
        texts[path] = fresh(page) if old is None else merged(old, page, known=known, restore=restore)
    return Wiki(atlas, dict(sorted(texts.items())), pages, dict(existing))


def _wanted(atlas: Atlas, notes: Sequence[str], kept: tuple[Claim, ...]) -> dict[str, Page]:
    made = [*front_pages(atlas, notes), *domain_pages(atlas), *module_pages(atlas), *folder_pages(atlas)]
    return {page.path: page for page in [*made, *log_pages(atlas, kept)]}


def _is_ours(text: str) -> bool:
    """Return whether a page was generated and no person wrote on it: it may go when nothing generates it any more."""
    found = blocks(text)
    return any(one.id == "head" for one in found) and not outside(text) and not any(one.edited for one in found)


def _listed(existing: Mapping[str, str]) -> list[str]:
    """Return the pages of people that the index lists by now."""
    notes = [one for one in blocks(existing.get(INDEX, "")) if one.id == "notes"]
    return [path for one in notes for path in targets(INDEX, one.body) if path in existing]


def _written_by_people(existing: Mapping[str, str]) -> dict[str, str]:
    """Return path → a person's text, for the pages that hold any: their links count for backlinks too."""
    found = {path: text if hands_off(text) else outside(text) for path, text in existing.items()}
    return {path: text for path, text in found.items() if text}


def _kept_deliveries(existing: Mapping[str, str]) -> tuple[Claim, ...]:
    """Return the deliveries that the page lists already: their run records may lie on another machine."""
    old = [one for one in blocks(existing.get(DELIVERIES, "")) if one.id.startswith("d") and not one.edited]
    return tuple(Claim(one.id, one.src, one.body.replace("\r\n", "\n"), one.sha256) for one in old)


def _with_backlinks(pages: dict[str, Page], people: Mapping[str, str]) -> dict[str, Page]:
    """Add to each page the pages that link to it and that it doesn't link to itself: every link leads both ways."""
    texts = {path: "\n".join(claim.body for claim in page.claims) for path, page in pages.items()}
    own = {path: people[path] for path in people}
    every = {path: f"{texts.get(path, '')}\n\n{own.get(path, '')}" for path in {*texts, *own}}
    found = linkers(every, pages)
    answered = {path: set(targets(path, text)) for path, text in texts.items()}
    return {path: _linked_from(page, sorted(found[path] - answered[path])) for path, page in pages.items()}


def _linked_from(page: Page, paths: list[str]) -> Page:
    if not paths:
        return page
    shown = [f"[{escaped(folded(_short(path), 100))}]({link(page.path, path)})" for path in paths[:MAX_BACKLINKS]]
    more = f" and {len(paths) - MAX_BACKLINKS} more" if len(paths) > MAX_BACKLINKS else ""
    body = f"## Linked from\n\n{', '.join(shown)}{more}"
    return replace(page, claims=(*page.claims, about("backlinks", "links-to", page.path, body)))


def _short(path: str) -> str:
    return path.removeprefix("wiki/").removesuffix(".md")
