"""The process edge: turns errors into text and an exit code.

0 done, 1 failed, 2 usage, 3 not done, 4 waiting on a person.
"""

import os
import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from linestop.errors import LinestopError
from linestop.text import plain

USAGE = 2
INTERRUPTED = 130
PIPE_CLOSED = 141


def guarded(app: App, argv: Sequence[str]) -> int:
    """Run `app` and return its exit code; a command returns an int or nothing. `--debug` shows the traceback."""
    debug = "--debug" in argv
    words = [word for word in argv if word != "--debug"]
    try:
        return int(app(words, exit_on_error=False, print_error=True, result_action="return_value") or 0)
    except CycloptsError:
        return USAGE
    except LinestopError as error:
        return _say(f"linestop: {error}", error.exit_code, debug=debug)
    except KeyboardInterrupt:
        return _say("linestop: interrupted; what was finished is kept, the next run goes on from there", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001  # the process edge: a user never meets a traceback unasked
        text = f"linestop: unexpected {type(error).__name__}: {error}\n  do: run it again with --debug and report it"
        why = _refused_words(error)
        return _say(why or text, USAGE if why else 1, debug=debug)


def _refused_words(error: Exception) -> str:
    """Return what is wrong with a command's words, where the order made of them refused one; else nothing."""
    told = getattr(error, "errors", None)
    if not str(getattr(error, "title", "")).endswith("Order") or not callable(told) or not (found := told()):
        return ""
    option, given = "-".join(map(str, found[0]["loc"][:1])).replace("_", "-"), plain(str(found[0].get("input", "")))
    return f"linestop: --{option} can't be {given!r}\n  found: {plain(found[0]['msg'])}\n  do: see --help"


def _say(text: str, code: int, *, debug: bool = False) -> int:
    if debug:
        traceback.print_exc()
    sys.stderr.write(text + "\n")
    return code
