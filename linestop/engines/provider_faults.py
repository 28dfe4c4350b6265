"""What a provider's HTTP answer means where it is a refusal, and when the provider may be asked again.

The words and times themselves are read in linestop/events/faults.py, as in agents' streams; here stands what only an
answer has: status, headers, a body of bytes.
"""

from collections.abc import Mapping
from datetime import datetime

from linestop.events import Fault
from linestop.events.faults import fault_of as fault_told
from linestop.events.faults import retry_time

_REFUSED = 400


def fault_of(status: int, body: bytes = b"") -> Fault | None:
    """Return what an answer's status and first bytes mean, None where it is no refusal."""
    if status < _REFUSED:
        return None
    return fault_told(body.decode("utf-8", "replace"), status=status) or Fault.OTHER


def retry_at(headers: Mapping[str, str], body: bytes = b"", *, now: datetime | None = None) -> datetime | None:
    """Return when a provider may be asked again, in UTC, None where it doesn't say.

    Where it names several allowances, those that are used up count.
    """
    return retry_time(body.decode("utf-8", "replace"), headers=_that_count(headers), at=now)


def _that_count(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers without the reset times of allowances with something left, where one is known to be empty."""
    known = {name.lower(): value for name, value in headers.items()}
    left = {name: known.get(name.replace("reset", "remaining")) for name in known if "reset" in name}
    empty = {name for name, rest in left.items() if rest == "0"}
    return {name: value for name, value in known.items() if not empty or name not in left or name in empty}
