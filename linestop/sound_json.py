"""Makes a value that JSON gave fit to be written as JSON again, whoever wrote it. Cuts nothing, hides nothing.

Python reads what no strict reader takes back: half of a surrogate pair has no UTF-8, `NaN` and 1e999 are no numbers.
"""

from math import isfinite
from typing import Any


def sound(value: Any) -> Any:
    """Return a value of JSON with lone surrogates as question marks, and null for what is no number.

    Raises:
        RecursionError: it is nested too deep.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {sound(name): sound(one) for name, one in value.items()}
    return [sound(one) for one in value] if isinstance(value, list | tuple) else value
