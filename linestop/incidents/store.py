"""Keeps incidents: `<repo>/.linestop/incidents/<id>.json`, those of the fleet in `$LINESTOP_HOME/incidents/`.

A file that can't be read raises: an incident nobody can read blocks, it never counts as none.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from linestop.errors import RecordError, UsageError
from linestop.files import write_whole
from linestop.home import home
from linestop.incidents.classes import FailureClass, classify
from linestop.incidents.model import Closing, Incident, Prevention, Scope, Sweep, Why, is_said
from linestop.incidents.whys import first_whys
from linestop.locks import locked
from linestop.paths import Layout
from linestop.text import plain, plain_lines
from linestop.verdicts import CommandRun

MAX_WHAT_CHARS = 2_000
MAX_OUTPUT_CHARS = 8_000
MAX_SIBLINGS = 20
_VOLATILE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{7,64}\b|\d+(?:\.\d+)?|/\S+/", re.IGNORECASE)


class IncidentStore:
    """The incidents that concern one repository."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._fleet = home() / "incidents"

    def open(
        self,
        *,
        scope: str,
        subject: str,
        what: str,
        evidence: CommandRun | None = None,
        run: str = "",
        todo: str = "",
    ) -> Incident:
        """Stop the line and return the incident; the one that is open already for the same failure of the same subject.

        Raises:
            RecordError: it can't be written.
        """
        what = plain(what, limit=MAX_WHAT_CHARS)
        evidence = _harmless(evidence) if evidence else None
        kind, confidence = _class_of(what, evidence)
        signature = _signature(scope, subject, kind, what)
        with self._lock(Scope(scope)):
            earlier = self.list()
            if same := next((one for one in earlier if one.is_open and one.signature == signature), None):
                return same
            now = datetime.now(UTC)
            incident = Incident(
                id=_free_id(now, signature, {one.id for one in earlier}),
                scope=Scope(scope), subject=plain(subject), what=what, signature=signature, failure_class=kind,
                confidence=confidence, evidence=evidence, run=run, opened=now, whys=first_whys(kind, what, evidence),
                todo=plain_lines(todo, MAX_OUTPUT_CHARS),
                siblings=tuple(one.id for one in earlier if one.failure_class is kind)[-MAX_SIBLINGS:],
            )  # fmt: skip
            self._write(incident)
        return incident

    def list(self) -> tuple[Incident, ...]:
        """Return every incident of the repository and of the fleet, oldest first.

        Raises:
            RecordError: one can't be read.
        """
        paths = [*self._layout.incidents.glob("*.json"), *self._fleet.glob("*.json")]
        return tuple(sorted((_read(path) for path in paths), key=lambda one: (one.opened, one.id)))

    def get(self, incident_id: str) -> Incident:
        """Return one incident.

        Raises:
            UsageError: there is none of that id.
        """
        found = next((one for one in self.list() if one.id == incident_id), None)
        if found is None:
            raise UsageError(f"there is no incident {plain(incident_id)}", todo="`linestop incident list` names them")
        return found

    def blocking(self, scope: str, subject: str = "") -> tuple[Incident, ...]:
        """Return the open incidents that refuse forward steps in a scope: those of it, and of all that are wider.

        For `ticket`, `subject` is the ticket's id.

        Raises:
            RecordError: one can't be read; then nothing may go forward either.
        """
        open_ = [one for one in self.list() if one.is_open]
        wanted = Scope(scope)
        wider = {Scope.TICKET: {Scope.REPOSITORY, Scope.FLEET}, Scope.REPOSITORY: {Scope.REPOSITORY, Scope.FLEET}}
        scopes = wider.get(wanted, {Scope.FLEET})
        own = wanted is Scope.TICKET
        return tuple(one for one in open_ if one.scope in scopes or (own and one.ticket == subject and one.ticket))

    def close(
        self,
        incident_id: str,
        *,
        who: str,
        why: str,
        person: bool,
        root_cause: str = "",
        prevention: Prevention | None = None,
        sweep: Sweep | None = None,
        whys: tuple[Why, ...] = (),
    ) -> Incident:
        """Close an incident, with what was still missing given here; `whys` answer the unanswered ones in order.

        Raises:
            UsageError: something is still missing, it is closed already, or it takes a person.
            RecordError: it can't be written.
        """
        with self._lock(self.get(incident_id).scope):
            incident = self.get(incident_id)
            answers = iter(whys)
            full = incident.model_copy(
                update={
                    "whys": tuple(old if old.answered else next(answers, old) for old in incident.whys),
                    "root_cause": plain(root_cause, limit=MAX_WHAT_CHARS) or incident.root_cause,
                    "prevention": prevention or incident.prevention,
                    "sweep": sweep or incident.sweep,
                }
            )
            _may_close(full, who=who, why=why, person=person)
            closing = Closing(who=plain(who), person=person, at=datetime.now(UTC), why=plain(why, MAX_WHAT_CHARS))
            closed = full.model_copy(update={"closed": closing})
            self._write(closed)
        return closed

    def _folder(self, scope: Scope) -> Path:
        return self._fleet if scope is Scope.FLEET else self._layout.ensure().incidents

    def _write(self, incident: Incident) -> None:
        path = self._folder(incident.scope) / f"{incident.id}.json"
        try:
            write_whole(path, f"{incident.model_dump_json(indent=2)}\n".encode("utf-8", "replace"))
        except OSError as error:
            raise RecordError(f"can't write {path}", found=str(error), todo="free disk space") from error

    @contextmanager
    def _lock(self, scope: Scope) -> Iterator[None]:
        folder = self._folder(scope)
        try:
            with locked(folder / ".lock"):
                yield
        except OSError as error:
            raise RecordError(f"can't write in {folder}", found=str(error), todo="make it writable") from error


def _may_close(incident: Incident, *, who: str, why: str, person: bool) -> None:
    if incident.closed:
        raise UsageError(
            f"incident {incident.id} is closed already",
            found=f"by {incident.closed.who}",
            todo=f"linestop incident show {incident.id}",
        )
    if not person and incident.only_a_person:
        raise UsageError(
            f"only a person closes incident {incident.id}",
            found=f"class {incident.failure_class} at confidence {incident.confidence:.2f}, below 0.70",
            todo=f"linestop incident close {incident.id}",
        )
    missing = [*incident.missing(), *(["who closes it"] if not is_said(who) else [])]
    missing += ["why it may close"] if not is_said(why) else []
    if missing:
        raise UsageError(
            f"incident {incident.id} can't close yet",
            found="missing: " + "; ".join(missing),
            todo="say what is missing, or leave it open: `linestop incident close --help` shows how",
        )


def _class_of(what: str, evidence: CommandRun | None) -> tuple[FailureClass, float]:
    if evidence is None:
        return classify(what, None)
    text = f"{what}\n{evidence.output}"
    return classify(text, evidence.exit_code, timed_out=evidence.timed_out)


def _harmless(evidence: CommandRun) -> CommandRun:
    argv = tuple(plain(word) for word in evidence.argv)
    return evidence.model_copy(update={"argv": argv, "output": plain_lines(evidence.output, MAX_OUTPUT_CHARS)})


def _signature(scope: str, subject: str, kind: FailureClass, what: str) -> str:
    """Return the SHA-256 that two openings of one stop share: numbers, hashes and folders don't tell them apart."""
    text = _VOLATILE.sub("#", what.casefold())[-800:]
    return hashlib.sha256(f"{scope}\n{subject}\n{kind}\n{text}".encode()).hexdigest()


def _free_id(now: datetime, signature: str, taken: set[str]) -> str:
    name = f"{now:%Y%m%d-%H%M%S}-{signature[:6]}"
    return next(one for one in (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3))) if one not in taken)


def _read(path: Path) -> Incident:
    try:
        return Incident.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise RecordError(
            f"the incident {path} can't be read",
            found=str(error)[:500],
            todo="mend the file; while it can't be read, nothing goes forward",
        ) from error
