"""Where a debrief run asks a person: one question after another, each of which may wait for weeks.

A run that is resumed begins anew: what was decided meanwhile isn't asked again, and who came second is told.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.flow_runs import asuspend_flow_run
from prefect.input.actions import afilter_flow_run_input
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import ValidationError

from linestop.blocks.memory_gate import memory_layout
from linestop.debrief import Candidate, Debriefs, Ruling
from linestop.debrief.order import DebriefOrder, DebriefReport
from linestop.errors import LinestopError
from linestop.execution.report import cell, paragraphs, table
from linestop.execution.runs import flow_runs_of
from linestop.memory.faults import in_words
from linestop.tasks.artifacts import publish_markdown
from linestop.tasks.debrief_form import A_PERSON, Answer, decided_row, form
from linestop.tasks.debrief_runs import asked_about, question_key
from linestop.text import plain

PREFIX, RESPONSE = "suspended-", "-response"  # around a question's key, as Prefect names an answer
MAX_SHOWN = 100  # decisions on a page
MAX_ANSWERS = 500  # of one run: three questions for each candidate that may wait


@dataclass(frozen=True, slots=True)
class Question:
    """One time that a run asks about a candidate. `key` is the same whenever the run comes by again."""

    candidate: Candidate
    key: str
    form: type[Answer]


class Desk:
    """Where a debrief run asks. It begins anew whenever the run is resumed: what was decided meanwhile isn't asked."""

    def __init__(self, order: DebriefOrder) -> None:
        self._layout = memory_layout(Path(order.repository))
        self._order = order
        self._debriefs = Debriefs(self._layout)
        self._asked: dict[str, int] = {}
        self._too_late: list[str] = []

    async def gather(self) -> None:
        """Gather the order's subject once more, and look whose answers came too late."""
        await self._look_back()
        if not self._order.subject:
            return
        try:
            await asyncio.to_thread(self._debriefs.gather, self._order.subject)
        except LinestopError as error:  # the ticket may be gone from the tracker: what it left to decide is not
            get_run_logger().warning("debrief.not-gathered %s", plain(str(error)))

    async def question(self) -> Question | None:
        """Return what to ask next, None where nothing waits."""
        waiting = await asyncio.to_thread(self._debriefs.waiting, self._order.subject)
        return await asyncio.to_thread(self._question, waiting[0]) if waiting else None

    async def answer(self, question: Question) -> Answer | None:
        """Return the person's answer, None where the run was woken without one. Ends the process until there is one."""
        try:
            return await asuspend_flow_run(wait_for_input=question.form, key=question.key)
        except ValidationError:  # no answer, or one that is none
            return None

    async def settle(self, question: Question, answer: Answer | None) -> None:
        """Decide as the person answered. What can't be taken is said in the next question; who comes second is told."""
        if answer is None:
            return
        try:
            lesson = await asyncio.to_thread(
                self._debriefs.decide,
                question.candidate.id,
                answer.ruling,
                by=answer.by.strip() or A_PERSON,
                why=answer.reason or ("no reason given" if answer.ruling is Ruling.DROP else ""),
                words=answer.words(),
                answer=_answer_id(question.key),
            )
        except LinestopError as error:
            refused = _answer_id(question.key)
            await asyncio.to_thread(self._debriefs.refuse, question.candidate.id, refused, in_words(error))
            get_run_logger().warning(
                "debrief.refused candidate=%s %s", question.candidate.id, plain(in_words(error)),
                extra={"action": "debrief.refused"},
            )  # fmt: skip
            return
        get_run_logger().info(
            "debrief.%s candidate=%s lesson=%s", answer.ruling, question.candidate.id, lesson.id if lesson else "",
            extra={"action": f"debrief.{answer.ruling}"},
        )  # fmt: skip

    async def close(self) -> State[DebriefReport]:
        """End the run with what became of the subject's candidates; a page links each lesson to the runs behind it."""
        report = await asyncio.to_thread(self._report)
        key = f"{self._layout.key}-debrief-{self._order.subject}"
        await publish_markdown(key, await asyncio.to_thread(self._page), title=f"Debrief {self._order.label}: decided")
        words = f"lessons: {len(report.lessons)}, dropped: {report.dropped}, waiting: {report.waiting}"
        return Completed(data=report, message="; ".join((words, *report.too_late)))

    async def _look_back(self) -> None:
        """Tell of answers to this run that somebody else's decision, in a terminal or another run, was faster than."""
        inputs: Any = await afilter_flow_run_input(key_prefix=PREFIX, limit=MAX_ANSWERS)
        for one in inputs:
            if one.key.endswith(RESPONSE):
                key = one.key.removeprefix(PREFIX).removesuffix(RESPONSE)
                await asyncio.to_thread(self._look_at, key)
        for line in self._too_late:
            get_run_logger().warning("debrief.too-late %s", line, extra={"action": "debrief.too-late"})

    def _look_at(self, key: str) -> None:
        try:
            candidate = self._debriefs.get(asked_about(key))
        except LinestopError:  # gone, or broken: nothing can be said of it
            return
        made = candidate.decided
        if made and made.answer != _answer_id(key) and _answer_id(key) not in candidate.refused:
            self._too_late.append(f"{candidate.id} was decided already: {made.ruling} by {made.by}")
        elif not made and candidate.merged:
            self._too_late.append(f"{candidate.id} is asked about as {candidate.merged} now")

    def _question(self, candidate: Candidate) -> Question:
        number = self._asked.get(candidate.id, -1) + 1
        while _answer_id(question_key(candidate.id, number)) in candidate.refused:
            number += 1
        self._asked[candidate.id] = number
        runs = flow_runs_of(self._layout, candidate.runs)
        return Question(candidate, question_key(candidate.id, number), form(candidate, runs=runs))

    def _page(self) -> str:
        ended = self._ended()
        rows = [decided_row(one, flow_runs_of(self._layout, one.runs)) for one in ended]
        late = "\n".join(f"- {cell(line)}" for line in self._too_late)
        return paragraphs(
            table(("decided", "by", "lesson", "what", "why", "runs"), rows) if rows else "Nothing was decided.",
            f"**Answers that came too late:**\n\n{late}" if late else "",
        )

    def _ended(self) -> tuple[Candidate, ...]:
        subject = self._order.subject
        return tuple(one for one in self._debriefs.decided() if subject in ("", one.subject))[-MAX_SHOWN:]

    def _report(self) -> DebriefReport:
        subject = self._order.subject
        ended = self._ended()
        lessons = tuple(one.decided.lesson for one in ended if one.decided and one.decided.lesson)
        waiting = len(self._debriefs.waiting(subject))
        return DebriefReport(
            subject=subject,
            lessons=lessons,
            dropped=len(ended) - len(lessons),
            waiting=waiting,
            too_late=tuple(self._too_late),
        )


def _answer_id(key: str) -> str:
    """Return what tells an answer to this run from every other."""
    return f"{flow_run.id}/{key}"
