"""How long to wait before something that failed is tried again: longer each time, up to a bound."""

_MAX_DOUBLINGS = 60  # beyond 1,023 a power of two is no float any more, and its error would end whoever waits


def wait_seconds(failures: int, *, most: float) -> float:
    """Return 1, 2, 4 … seconds after 1, 2, 3 … failures in a row, at most `most` however many there were."""
    return min(most, 2.0 ** min(max(0, failures - 1), _MAX_DOUBLINGS))
