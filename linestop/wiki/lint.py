"""Lints a wiki: what is wrong with the pages as they stand. Mending is mend.py."""

from collections.abc import Iterator, Mapping

from linestop.wiki.atlas import INDEX, Atlas
from linestop.wiki.build import Wiki
from linestop.wiki.claims import Block, blocks, broken_markers
from linestop.wiki.links import addresses, target, targets
from linestop.wiki.merge import hands_off, key
from linestop.wiki.pages.symbols import STATEMENT, class_statement, function_statement
from linestop.wiki.problems import Problem, ProblemKind
from linestop.wiki.prose import folded
from linestop.wiki.python_names import is_public
from linestop.wiki.source import CONTEXT, WIKI


def lint(wiki: Wiki, others: frozenset[str] = frozenset()) -> tuple[Problem, ...]:
    """Return every problem, page by page. `others` are paths in the wiki that are no pages, such as pictures."""
    found = [
        *_dead_links(wiki, others), *_orphans(wiki), *_gaps(wiki), *_blocks(wiki), *_broken(wiki),
        *_contradictions(wiki),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.page, one.kind, one.detail)))


def _dead_links(wiki: Wiki, others: frozenset[str]) -> Iterator[Problem]:
    for page, text in wiki.pages.items():
        for address in dict.fromkeys(addresses(text)):
            path = target(page, address)
            if path in wiki.pages or path in others or _in_repository(wiki.atlas, path, wiki.pages, others):
                continue
            better = candidates(wiki, path)
            yield Problem(
                kind=ProblemKind.DEAD_LINK, page=page, detail=f"links to {folded(path, 160)}, which isn't there",
                todo=f"link to {better[0]}" if len(better) == 1 else "correct the link or remove it",
                target=address, fixable=len(better) == 1,
            )  # fmt: skip


def _in_repository(atlas: Atlas, path: str, pages: Mapping[str, str], others: frozenset[str]) -> bool:
    if path == WIKI or path.startswith(f"{WIKI}/"):
        return any(one.startswith(f"{path}/") for one in (*pages, *others))
    outside = path == ".." or path.startswith("../")
    return not outside and path != CONTEXT and atlas.source.holds(path)


def candidates(wiki: Wiki, path: str) -> list[str]:
    """Return the pages, else the source files, that bear the same file name as a dead link's target."""
    name = path.rpartition("/")[2]
    found = [page for page in wiki.pages if page.rpartition("/")[2] == name]
    return found or [file.path for file in wiki.atlas.source.files if file.path.rpartition("/")[2] == name]


def _orphans(wiki: Wiki) -> Iterator[Problem]:
    linked = {path for page, text in wiki.pages.items() for path in targets(page, text) if path != page}
    for page in wiki.pages:
        if page not in linked and page not in (INDEX, CONTEXT):
            yield Problem(
                kind=ProblemKind.ORPHAN, page=page, detail="no page links to it",
                todo="link it from a page; --fix lists it in the index", target=page, fixable=True,
            )  # fmt: skip


def _gaps(wiki: Wiki) -> Iterator[Problem]:
    """Find public modules that no page is about: their page is one that people keep linestop away from."""
    for name, page in wiki.atlas.module_pages.items():
        path = wiki.atlas.paths[name]
        about = [one for one in blocks(wiki.pages.get(page, "")) if one.id == "head" and one.src == path]
        if is_public(name) and not about:
            yield Problem(
                kind=ProblemKind.GAP, page=page, detail=f"the public module {folded(name, 120)} has no page",
                todo="let linestop write the page: remove `hands off` from it, or mend its markers", target=name,
            )  # fmt: skip


def _blocks(wiki: Wiki) -> Iterator[Problem]:
    for page, text in wiki.pages.items():
        for block in () if hands_off(text) and page not in wiki.wanted else blocks(text):
            problem = _edited(page, block) if block.edited else _stale(wiki, page, block)
            if problem:
                yield problem


def _edited(page: str, block: Block) -> Problem:
    return Problem(
        kind=ProblemKind.EDITED, page=page, detail=f"somebody wrote inside the claim {folded(block.id, 60)}",
        todo="move the text below the claim, then run with --fix to restore the claim", target=block.id, fixable=True,
    )  # fmt: skip


def _stale(wiki: Wiki, page: str, block: Block) -> Problem | None:
    claim = wiki.claim(key(block))
    if claim is not None and block.says(claim):
        return None
    known = (
        f"its source {folded(block.src, 120)} says something else now"
        if claim
        else (f"its source {folded(block.src, 120)} is gone")
    )
    return Problem(
        kind=ProblemKind.STALE, page=page, detail=f"the claim {folded(block.id, 60)} is stale: {known}",
        todo="--fix rewrites it" if claim else "move what people wrote here to another page and delete this one",
        target=block.id, fixable=claim is not None,
    )  # fmt: skip


def _broken(wiki: Wiki) -> Iterator[Problem]:
    for page, text in wiki.pages.items():
        for line in broken_markers(text):
            yield Problem(
                kind=ProblemKind.BROKEN, page=page, detail=f"a claim's marker has no end: {folded(line, 100)}",
                todo="remove the marker line; the claim itself was written again", target=line.strip(),
            )  # fmt: skip


def _contradictions(wiki: Wiki) -> Iterator[Problem]:
    """Compare what pages state about a symbol: with each other, and with the code where it has the symbol."""
    truth = statements(wiki.atlas)
    said: dict[str, dict[str, set[str]]] = {}
    for page, text in wiki.pages.items():
        for kind, symbol, rest in STATEMENT.findall(text):
            said.setdefault(symbol, {}).setdefault(normal(f"{kind} {symbol}{rest}"), set()).add(page)
    for symbol, versions in sorted(said.items()):
        right = truth.get(symbol)
        wrong = {text: pages for text, pages in versions.items() if text != right}
        if (right is None and len(versions) < 2) or not wrong:  # noqa: PLR2004  # one statement contradicts nothing
            continue
        for text, pages in wrong.items():
            for page in sorted(pages):
                against = right or next(other for other in versions if other != text)
                yield Problem(
                    kind=ProblemKind.CONTRADICTION, page=page,
                    detail=f"says {folded(text, 160)}, elsewhere it is {folded(against, 160)}",
                    todo="correct the page", target=f"{text}\n{against}", fixable=right is not None,
                )  # fmt: skip


def statements(atlas: Atlas) -> dict[str, str]:
    """Return symbol → its statement as the code has it, normalised."""
    found: dict[str, str] = {}
    for name, path in atlas.paths.items():
        facts = atlas.facts[path]
        for one in facts.classes:
            found[f"{name}.{one.name}"] = normal(class_statement(name, one).strip("`"))
        for function in facts.functions:
            found[f"{name}.{function.name}"] = normal(function_statement(name, function).strip("`"))
    return found


def normal(text: str) -> str:
    """Return a statement with white space folded."""
    return " ".join(text.split())
