"""The station: where one claimed ticket is worked on. Owns its worktree and what the tracker knows of it.

How a ticket is claimed and its lease kept is claims.py's. What a maker, checker or goal-checker does here is in tasks/;
the order of it is in flows/ticket.py.
"""

from collections.abc import Sequence
from functools import cached_property

from linestop.blocks.baseline import baseline
from linestop.blocks.claims import tip_of
from linestop.blocks.line import Line
from linestop.blocks.repository_checks import RepositoryChecks
from linestop.errors import RepositoryError
from linestop.events import Usage
from linestop.execution.batches import discovered_ticket
from linestop.execution.order import is_commit
from linestop.memory.ticket_memory import TicketMemory
from linestop.memory.tickets import Sign, Tally, kept
from linestop.paths import workspace_name
from linestop.plans import Chunk
from linestop.ports import Discovered
from linestop.records import RunRecord
from linestop.tickets import Evidence, Ticket, TicketState
from linestop.verdicts import CheckReport, GoalVerdict

PETITION = "refused: petition: "


class Station:
    """Where one ticket is worked on. `ticket` is always what the tracker holds."""

    def __init__(self, line: Line, ticket: Ticket, record: RunRecord) -> None:
        self.line = line
        self.ticket = ticket
        self.record = record
        self.could_not: list[str] = []
        self.escalated: Sign | None = None  # the failure that came three times, where one did
        self._rejected: list[str] = []  # why, in this run and chunk: all there is where memory is off
        self._told: dict[str, CheckReport] = {}
        self.set_aside = line.workspaces.set_aside(ticket.branch, tip=self.tip, ticket=ticket.id)
        self.worktree = line.workspaces.open(ticket.id, branch=ticket.branch, base=ticket.base)
        self.base_checkout = line.workspaces.checkout(workspace_name(ticket.id, "base"), ticket.base)
        self.drop()

    @property
    def tip(self) -> str:
        """Return the last commit that a checker approved, else the base: what is beyond it doesn't count."""
        return tip_of(self.ticket)

    @property
    def petitions(self) -> tuple[str, ...]:
        """Return what makers petitioned for, by chunk, from what the tracker holds."""
        words = self.ticket.progress.items()
        return tuple(f"{chunk}: {word.removeprefix(PETITION)}" for chunk, word in words if word.startswith(PETITION))

    @property
    def book(self) -> TicketMemory:
        """Return what this ticket itself learned, over all its runs; nothing of it ever fails a run."""
        return self.line.memory.book(self.ticket.id)

    def corrections(self, chunk: Chunk) -> tuple[str, ...]:
        """Return why earlier attempts at a chunk were rejected, oldest first; earlier runs and people's notes too."""
        noted = [one.text for one in self.book.corrections(chunk.id)]
        return tuple(dict.fromkeys((*noted, *self._rejected)))

    @cached_property
    def checks(self) -> RepositoryChecks:
        """Return the checks as the base defines them. Builds their environment where there is none yet."""
        return self.line.checks(self.base_checkout)

    @cached_property
    def baseline(self) -> CheckReport:
        """Return what the checks said about the untouched base."""
        return baseline(self.line.layout, self.checks, self.base_checkout, self.ticket.base)

    def tell(self, commit: str, report: CheckReport) -> None:
        """Remember a report for makers, by the commit's tree; a flaky or a slow one is worth a second look."""
        if not report.flaky and not any(run.timed_out for run in report.runs):
            self._told[self.tree(commit)] = report

    def told(self, commit: str) -> CheckReport | None:
        """Return what the checks said of the same tree before. For makers' trials only: no verdict rests on it."""
        return self._told.get(self.tree(commit))

    def remaining(self) -> tuple[Chunk, ...]:
        """Return the chunks that no earlier run finished, in the plan's order."""
        return tuple(chunk for chunk in self.ticket.plan.chunks if chunk.id not in self.ticket.progress)

    def drop(self) -> None:
        """Throw away all that no checker approved, a worktree that was taken off its branch included."""
        workspaces = self.line.workspaces
        try:
            workspaces.reset(self.worktree, self.tip)
        except RepositoryError:
            workspaces.close(self.ticket.id)
            workspaces.open(self.ticket.id, branch=self.ticket.branch, base=self.ticket.base)
            workspaces.reset(self.worktree, self.tip)

    def begin(self) -> int:
        """Count an attempt, before it starts so that a killed one counts too; return its lifetime number."""
        self._save(attempts=self.ticket.attempts + 1)
        return self.ticket.attempts

    def keep(self, chunk: Chunk, word: str) -> None:
        """Note a chunk's commit, `nothing` or `refused: …`; what is noted is never done again."""
        self._rejected.clear()
        if is_commit(word):
            self.book.solve(chunk.id)
        changes = {"failures_in_a_row": 0} if is_commit(word) else {}
        self._save(progress={**self.ticket.progress, chunk.id: word}, **changes)

    def fail(self, correction: str, tally: Tally | None = None) -> str:
        """Throw the attempt away, note why, and return why the line stops, empty where it doesn't.

        It stops where the same failure came too often in the ticket's life, or too many failures in a row.
        """
        self.drop()
        self._rejected.append(kept(correction))
        self._save(failures_in_a_row=self.ticket.failures_in_a_row + 1)
        if tally and tally.escalates:
            return f"the same failure {tally.times} times: {correction}"
        in_a_row = self.ticket.failures_in_a_row
        return f"{in_a_row} failures in a row: {correction}" if self._too_many(in_a_row) else ""

    def spend(self, usage: Usage, seconds: float) -> None:
        """Count what a dispatch used; a re-dispatch never resets it."""
        self._save(spent=self.ticket.spent.plus(usage, seconds))

    def forgive(self) -> None:
        """Take back the attempt that was begun: infrastructure failed, not the work."""
        self._save(attempts=max(0, self.ticket.attempts - 1))

    def file_discovered(self, found: Sequence[Discovered]) -> tuple[Ticket, ...]:
        """File discovered work in the ticket's batch; return what is new. What blocks this ticket becomes its edge."""
        filed: list[Ticket] = []
        for find in found:
            ticket = discovered_ticket(find, self.ticket)
            if self.line.tracker.file(ticket):
                filed.append(ticket)
            if find.blocks and ticket.id not in self.ticket.depends_on:
                self._save(depends_on=(*self.ticket.depends_on, ticket.id))
        return tuple(filed)

    def end(self, state: TicketState, *, reason: str = "", verdict: GoalVerdict | None = None) -> Ticket:
        """Give the ticket its end in the tracker; a verdict becomes its evidence. The branch ends at the tip."""
        self.drop()
        evidence = None
        if verdict is not None:
            branch = self.ticket.branch if self.tip != self.ticket.base else self.line.base_branch
            evidence = Evidence(commit=verdict.commit, base=self.ticket.base, branch=branch, goal=verdict)
        self.ticket = self.line.tracker.end(self.ticket, state, reason=reason, evidence=evidence)
        return self.ticket

    def close(self) -> None:
        """Remove the worktree and the base's checkout; the branch stays where the checker approved a commit on it."""
        close_workspaces(self.line, self.ticket.id)
        if self.tip == self.ticket.base:
            self.line.workspaces.drop_branch(self.ticket.branch, at=self.ticket.base)

    def tree(self, commit: str) -> str:
        """Return a commit's tree."""
        return self.line.workspaces.git.run("rev-parse", "--verify", f"{commit}^{{tree}}").strip()

    def _too_many(self, in_a_row: int) -> bool:
        return in_a_row >= self.line.policy.execution.failures_to_stop

    def _save(self, **changes: object) -> None:
        self.ticket = self.line.tracker.save(self.ticket.model_copy(update=changes))


def close_workspaces(line: Line, ticket_id: str) -> None:
    """Remove every worktree of a ticket, so that its branch can be checked out by its owner."""
    line.workspaces.close(ticket_id)
    for use in ("base", "trial", "scan", "check", "goal", "checker", "reviewer"):
        line.workspaces.close(workspace_name(ticket_id, use))
