"""`90_LOG`: what happened, only as far as the documented commit holds it, so that an idle day changes no page.

Commits by year and month, plan files, and the deliveries of linestop whose commits have been merged.
Commits that touch nothing but the wiki are left out, and so are merges: else each run would make work for the next.
"""

import posixpath
import re

from linestop.wiki.atlas import INDEX, LOG, Atlas
from linestop.wiki.claims import Claim
from linestop.wiki.naming import link
from linestop.wiki.pages.page import Page, about, listed, some
from linestop.wiki.prose import code, prose
from linestop.wiki.source import Commit, SourceFile

FRONT = "wiki/log.md"
PLANS = f"{LOG}/plans.md"
DELIVERIES = f"{LOG}/deliveries.md"
MAX_MONTH = 200
MAX_TOUCHED = 4
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip


def log_pages(atlas: Atlas, kept: tuple[Claim, ...] = ()) -> list[Page]:
    """Return `log.md`, a page for each year, and those of plans and deliveries; `kept`: listed already."""
    years: dict[str, list[Commit]] = {}
    for commit in atlas.source.commits:
        years.setdefault(commit.day[:4], []).append(commit)
    pages = [_year(atlas, year, commits) for year, commits in sorted(years.items())]
    plans = [file for file in atlas.source.files if re.fullmatch(r"plans/[^/]+\.md", file.path)]
    pages += [_plans(plans)] if plans else []
    pages += [_deliveries(atlas, kept)] if atlas.source.deliveries or kept else []
    return [_front(atlas, sorted(years, reverse=True), pages), *pages]


def _year(atlas: Atlas, year: str, commits: list[Commit]) -> Page:
    page = f"{LOG}/{year}.md"
    months: dict[str, list[Commit]] = {}
    for commit in commits:
        months.setdefault(commit.day[:7], []).append(commit)
    head = f"# {year}\n\n[Log]({link(page, FRONT)}) / commits by month, newest first"
    return Page(page, some(
        about("head", "year", year, head),
        *(about(f"m{month[5:]}", "git-log", month, _month(atlas, page, month, found))
          for month, found in sorted(months.items(), reverse=True)),
    ))  # fmt: skip


def _month(atlas: Atlas, page: str, month: str, commits: list[Commit]) -> str:
    title = f"{_MONTHS[int(month[5:]) - 1]} {month[:4]}"
    return listed(title, [commit_line(atlas, page, one) for one in commits], limit=MAX_MONTH)


def commit_line(atlas: Atlas, page: str, one: Commit) -> str:
    """Return a list item for a commit: day, id, subject, author, and where what it touched is described."""
    touched = list(dict.fromkeys(
        atlas.described_at(page, path) for path in one.paths if path in atlas.modules
    ))  # fmt: skip
    more = f" and {len(touched) - MAX_TOUCHED} more" if len(touched) > MAX_TOUCHED else ""
    where = f"; {', '.join(touched[:MAX_TOUCHED])}{more}" if touched else ""
    return f"- {one.day} {code(one.id[:10])} {prose(one.subject, 160)} ({prose(one.author, 60)}{where})"


def _plans(plans: list[SourceFile]) -> Page:
    lines = [f"- [{prose(_title(file), 120)}]({link(PLANS, file.path)})" for file in plans]
    head = f"# Plans\n\n[Log]({link(PLANS, FRONT)}) / plans in this commit"
    return Page(PLANS, some(about("head", "plans", "", head), about("plans", "plan-files", "", listed("Plans", lines))))


def _title(file: SourceFile) -> str:
    match = re.search(r"^title:\s*[\"']?(.+?)[\"']?\s*$", file.text[:4000], re.MULTILINE)
    return match[1] if match else posixpath.basename(file.path)


def _deliveries(atlas: Atlas, kept: tuple[Claim, ...]) -> Page:
    head = (
        f"# Deliveries\n\n[Log]({link(DELIVERIES, FRONT)}) / tickets that "
        "linestop carried out and whose commits are merged"
    )
    claims = [
        about(f"d{one.commit[:10]}", "run", one.run,
              f"- {code(one.ticket)} {code(one.commit[:10])} {prose(one.summary, 200)} (run {code(one.run)})")
        for one in atlas.source.deliveries
    ]  # fmt: skip
    new = {claim.id for claim in claims}
    older = [claim for claim in kept if claim.id not in new]
    return Page(DELIVERIES, some(about("head", "deliveries", "", head), *claims, *older))


def _front(atlas: Atlas, years: list[str], pages: list[Page]) -> Page:
    newest = [  # no modules here: their pages would link back, and change whenever a commit scrolls out
        f"- [{one.day}]({link(FRONT, f'{LOG}/{one.day[:4]}.md')}) {code(one.id[:10])} {prose(one.subject, 160)}"
        for one in atlas.source.commits[:20]
    ]
    lines = [f"- [{year}]({link(FRONT, f'{LOG}/{year}.md')})" for year in years]
    extra = {PLANS: "Plans", DELIVERIES: "Deliveries of linestop"}
    lines += [f"- [{extra[page.path]}]({link(FRONT, page.path)})" for page in pages if page.path in extra]
    head = f"# Log\n\n[Index]({link(FRONT, INDEX)}) / what happened in this repository"
    return Page(FRONT, some(
        about("head", "log", "", head),
        about("pages", "log-pages", "", listed("All of it", lines)),
        about("newest", "git-log-newest", "", listed("Newest commits", newest)),
    ))  # fmt: skip
