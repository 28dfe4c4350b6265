"""What each detector's firing is usually concluded to, in a sentence: drafts of lessons begin with it."""

_CONCLUSIONS = {
    "repeat": "Don't make the same call again before something has changed: its answer stays the same.",
    "cycle": "Break out of a round of calls that comes back to where it began: change the approach, not the order.",
    "same-result": "When different arguments give the same answer, the cause lies elsewhere: look there.",
    "failures": "After several failures in a row, name their shared cause before the next call.",
    "failing-call": "A call that failed this often won't work: read its error, or use another way.",
    "denial-wall": "A permission that was refused is a person's to give: ask for it, don't work around it.",
    "reasoning-loop": "Thoughts that come back word for word lead nowhere: decide, or say what is missing.",
    "chant": "A text that repeats itself is a stuck model: end the session and start afresh.",
    "runaway-search": "Say what is looked for and where it is likely to be; stop searching once it is found.",
    "edit-thrash": "Run the checks between two edits of one file.",
    "no-progress": "Work that changes nothing for this long needs a smaller step or a person.",
    "silence": "Nothing was heard for this long: give long commands a clock.",
    "context-pressure": "Start afresh with a summary before the context is full.",
    "cost": "Give the work a smaller plan: it cost more than it was to.",
}


def conclusion(detector: str) -> str:
    """Return what to do, or not to do, about what a detector saw."""
    return _CONCLUSIONS.get(detector, f"Look at what {detector} saw.")


def has_conclusion(detector: str) -> bool:
    """Return whether there is a sentence of its own for it."""
    return detector in _CONCLUSIONS
