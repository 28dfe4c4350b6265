"""The form of a debrief: the evidence above, the fields below. Hostile text in a candidate can't become markup."""

import re
from collections.abc import Mapping
from typing import Any

from prefect.input import RunInput
from pydantic import Field, create_model

from linestop.debrief import Candidate, Ruling
from linestop.debrief.decisions import Words
from linestop.execution.report import cell, paragraphs
from linestop.memory.lessons.model import MAX_BODY, MAX_TITLE, Tier
from linestop.tasks.artifacts import run_link

MAX_LINKS = 12
A_PERSON = "a person in the Prefect UI"
_IDS = r"^[a-z0-9, -]*$"


class Answer(RunInput):
    """A person's answer. Only the ruling must be given; the rest begins as the draft has it."""

    ruling: Ruling = Field(
        title="What becomes of it",
        description="accept: it becomes a lesson, as it stands below · edit: with your changes · drop: it becomes none",
    )
    reason: str = Field(default="", title="Reason", max_length=1_000, description="Why it is dropped, or changed.")
    title: str = Field(default="", title="Lesson", max_length=MAX_TITLE, description="What to do, or not to do.")
    why: str = Field(default="", title="Why", max_length=MAX_BODY, description="What happened that taught it.")
    body: str = Field(default="", title="More", max_length=MAX_BODY, description="More of it, markdown. May be empty.")
    tier: Tier = Field(
        default=Tier.REPOSITORY, title="Scope", description="repository: told here only · global: in all of yours"
    )
    file: str = Field(
        default="", title="File", max_length=400, description="That it is about. Empty, or a global scope: no file."
    )
    roles: str = Field(
        default="",
        title="Roles",
        max_length=200,
        pattern=_IDS,
        description="Who is told: maker, checker, … Empty: all.",
    )
    supersedes: str = Field(
        default="", title="Supersedes", max_length=100, pattern=_IDS, description="Id of a lesson that it replaces."
    )
    contradicts: str = Field(
        default="", title="Contradicts", max_length=300, pattern=_IDS,
        description="Ids of lessons that it disagrees with, knowingly.",
    )  # fmt: skip
    anyway: bool = Field(default=False, title="Anyway", description="Keep it as it is, whatever other lessons say.")
    by: str = Field(default="", title="Who decides", max_length=100, description="Your name, kept with the decision.")

    def words(self) -> Words:
        """Return the person's words; what they emptied is empty."""
        return Words(
            title=self.title,
            why=self.why,
            body=self.body,
            tier=self.tier,
            roles=_listed(self.roles),
            file="" if self.tier is Tier.GLOBAL else self.file,
            contradicts=_listed(self.contradicts),
            supersedes=self.supersedes.strip(),
            anyway=self.anyway,
        )


def form(candidate: Candidate, *, runs: Mapping[str, str], note: str = "") -> type[Answer]:
    """Return the form of a candidate, its fields filled in with the draft; `runs` are flow runs by run."""
    drafted: dict[str, Any] = {
        name: (kind, Field(default=value, title=known.title, description=known.description, max_length=most))
        for name, kind, value, most in (
            ("title", str, candidate.title[:MAX_TITLE], MAX_TITLE),
            ("why", str, candidate.why[:MAX_BODY], MAX_BODY),
            ("body", str, candidate.body[:MAX_BODY], MAX_BODY),
            ("tier", Tier, candidate.tier, None),
            ("file", str, candidate.file[:400], 400),
        )
        if (known := Answer.model_fields[name])
    }
    made = create_model("Answer", __base__=Answer, **drafted)
    made._description = page(candidate, runs=runs, note=note)  # noqa: SLF001  # as Prefect does
    return made


def page(candidate: Candidate, *, runs: Mapping[str, str], note: str = "") -> str:
    """Return what a person reads before deciding: what happened, how often, the evidence, where to read on."""
    times = "seen once" if candidate.times == 1 else f"seen {candidate.times} times"
    tickets = f" in {', '.join(candidate.tickets)}" if candidate.tickets else ""
    file = f", about {candidate.file}" if candidate.file else ""
    refusal = note or next(reversed(candidate.refused.values()), "")
    links = [run_link(run, runs[run]) for run in candidate.runs if runs.get(run)][:MAX_LINKS]
    return paragraphs(
        f"**The last answer could not be taken:** {quoted(refusal)}" if refusal else "",
        f"### {quoted(candidate.title)}",
        quoted(f"{times}{tickets}{file}"),
        f"**Why:** {quoted(candidate.why)}",
        f"**What drives it:** {quoted(candidate.event)}",
        "**Evidence**",
        "\n".join(f"- {quoted(line)}" for line in candidate.evidence),
        f"**Runs:** {' · '.join(links)}" if links else "",
        f"In a terminal: `linestop debrief show {candidate.id}`",
    )


def decided_row(candidate: Candidate, runs: Mapping[str, str]) -> tuple[str, ...]:
    """Return how a candidate ended, as a row of markdown, with links to the runs that taught it."""
    made = candidate.decided
    if made is None:
        return ()
    links = " ".join(run_link(run, runs.get(run, "")) for run in candidate.runs[:MAX_LINKS])
    return str(made.ruling), cell(made.by), cell(made.lesson), quoted(candidate.title), quoted(made.why), links


def quoted(text: str) -> str:
    """Return a stranger's text as markdown that shows it letter by letter: no markup, and no address is a link."""
    return re.sub(r"(?<=\w)(?=://|[.@])", r"\\", cell(text, limit=2_000))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(one for one in text.replace(",", " ").split() if one)
