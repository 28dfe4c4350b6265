"""linestop's own events.jsonl."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from linestop.events.formats.reader import Format, Said
from linestop.events.formats.shape import amount, count, flag, moment, table, whole, words
from linestop.events.model import Action, Event, EventKind, Fault, Outcome, Usage
from linestop.events.tools import call_fields

_TEXTS = ("text", "tool", "path", "call", "session", "model", "step")
_HASHES = ("identity", "result_hash", "input_hash")
_KINDS = {kind.value: kind for kind in EventKind}
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_ACTIONS = {action.value: action for action in Action}
_FAULTS = {fault.value: fault for fault in Fault}
_FIELDS = frozenset(Event.model_fields)


class OwnFormat(Format):
    """Reads what `EventLog` wrote, of any version: unknown fields are kept, unknown kinds are left as they are."""

    name: ClassVar[str] = "linestop"

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a record is an event of linestop."""
        return "v" in record and "at" in record and isinstance(record.get("kind"), str)

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield the event of a record, with what an older version didn't write."""
        kind = words(record.get("kind")).encode("utf-8", "replace").decode()  # a lone surrogate can't be written again
        said: Said = {name: one for name, one in record.items() if name not in _FIELDS}
        said |= {name: words(record.get(name)) for name in _TEXTS}
        said |= {name: words(record.get(name)) or None for name in _HASHES}
        said["kind"] = _KINDS.get(kind, kind)
        said["at"] = moment(record.get("at"))
        said["args"] = dict(table(record.get("args")))
        said["seconds"], said["turn"] = amount(record.get("seconds")), whole(record.get("turn"))
        said["outcome"] = _OUTCOMES.get(words(record.get("outcome")))
        said["action"] = _ACTIONS.get(words(record.get("action")))
        said["fault"] = _FAULTS.get(words(record.get("fault")))
        said["retry_at"] = moment(record.get("retry_at"))
        if told := table(record.get("usage")):
            said["usage"] = _usage(told)
        yield self._completed(said)

    def _completed(self, said: Said) -> Said:
        if said["at"] is None:
            del said["at"]
        if said["kind"] is EventKind.TOOL_CALL:
            more = call_fields(said["tool"], said["args"])
            said |= {name: one for name, one in more.items() if not said.get(name)}
            self.calls.remember(said)
        elif said["kind"] is EventKind.TOOL_RESULT:
            known = self.calls.answered(said["call"])
            said |= {name: one for name, one in known.items() if not said.get(name)}
        return said


def _usage(told: Mapping[str, Any]) -> Usage:
    return Usage(
        input=count(told.get("input")),
        output=count(told.get("output")),
        cache_read=count(told.get("cache_read")),
        cache_write=count(told.get("cache_write")),
        usd=amount(told.get("usd")),
        total=bool(flag(told.get("total"))),
    )
