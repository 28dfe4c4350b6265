"""What happened in a run, as one line for people and one `action` for machines: event first, then what it is about."""

import logging

from prefect import get_run_logger

from linestop.blocks.station import Station
from linestop.text import plain


def say(action: str, text: str, station: Station, *, level: int = logging.INFO, **about: object) -> None:
    """Log one line, `action ticket=… chunk=… text`. Commits are cut, foreign text is made plain."""
    words = " ".join(f"{name}={_word(value)}" for name, value in about.items())
    get_run_logger().log(
        level, "%s ticket=%s %s %s", action, station.ticket.id, words, plain(text), extra={"action": action}
    )  # fmt: skip


def _word(value: object) -> str:
    return plain("nothing" if value is None else str(value), limit=60)
