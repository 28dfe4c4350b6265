"""Mends what lint found: at most 10 problems, and only those with one right answer. `--fix` is a person's consent."""

import re
from collections.abc import Sequence

from linestop.wiki.atlas import INDEX
from linestop.wiki.build import Wiki, build
from linestop.wiki.claims import Block, blocks, parse
from linestop.wiki.links import target, targets
from linestop.wiki.lint import candidates
from linestop.wiki.merge import key
from linestop.wiki.naming import link
from linestop.wiki.problems import MAX_FIXES, Problem, ProblemKind


def may_mend(problems: Sequence[Problem]) -> bool:
    """Return whether there are few enough problems to mend without a person's look."""
    return len(problems) <= MAX_FIXES


def mended(wiki: Wiki, problems: Sequence[Problem]) -> Wiki:
    """Return the wiki with every fixable problem mended; what isn't fixable stays as it is."""
    pages = dict(wiki.pages)
    for problem in problems:
        if problem.fixable and problem.kind is ProblemKind.DEAD_LINK:
            pages[problem.page] = _relinked(wiki, problem, pages[problem.page])
        elif problem.fixable and problem.kind is ProblemKind.CONTRADICTION:
            wrong, _, right = problem.target.partition("\n")
            pages[problem.page] = pages[problem.page].replace(f"`{wrong}`", f"`{right}`")
    pages = {path: _with_true_copies(wiki, path, text) for path, text in pages.items()}
    orphans = [problem.page for problem in problems if problem.kind is ProblemKind.ORPHAN]
    listed = [path for one in blocks(pages.get(INDEX, "")) if one.id == "notes" for path in targets(INDEX, one.body)]
    again = build(wiki.atlas.source, pages, notes=[*dict.fromkeys([*listed, *orphans])], restore=True)
    return Wiki(again.atlas, again.pages, again.wanted, wiki.before)


def _relinked(wiki: Wiki, problem: Problem, text: str) -> str:
    better = candidates(wiki, target(problem.page, problem.target))
    anchor = problem.target.partition("#")[1:]
    address = link(problem.page, better[0]) + "".join(anchor)
    return re.sub(rf"(\]\(\s*<?){re.escape(problem.target)}(?=[\s>)])", lambda match: match[1] + address, text)


def _with_true_copies(wiki: Wiki, path: str, text: str) -> str:
    """Rewrite copies of other pages' claims that are stale."""
    own = {key(claim) for claim in wiki.wanted[path].claims} if path in wiki.wanted else set()
    parts = [part if isinstance(part, str) else _true(wiki, part, own) for part in parse(text)]
    return "".join(parts)


def _true(wiki: Wiki, block: Block, own: set[tuple[str, str]]) -> str:
    claim = wiki.claim(key(block))
    if claim is None or key(block) in own or (block.says(claim) and not block.edited):
        return block.text
    return claim.text + ("\n" if block.text.endswith("\n") else "")
