"""Commands that do nothing: they share one identity (SPEC.md section 5)."""

import shlex

INERT = frozenset({"echo", "true", ":", "pwd", "sleep"})
_ACTIVE = frozenset("><|`&(")  # a redirection, a pipe, a substitution, a job: it does something after all
_STARTS = tuple(INERT)
_MAX_COMMAND = 400  # characters
_WAITS = frozenset({"sleep"})


def is_inert(command: str) -> bool:
    """Return whether every part of a shell command is one that does nothing: `sleep 5 && echo done`."""
    if not command.lstrip().startswith(_STARTS):  # nearly all commands end here
        return False
    return len(command) <= _MAX_COMMAND and all(part in INERT for part in _programs(command))


def only_waits(command: str) -> bool:
    """Return whether a command only waits."""
    return all(part in _WAITS for part in _programs(command))


def _programs(command: str) -> list[str]:
    """Return the program of each part of a command; one that isn't inert where there is more to it than words."""
    plain_parts = command.replace("&&", ";").replace("||", ";").replace("\n", ";")
    try:
        lexer = shlex.shlex(plain_parts, posix=True, punctuation_chars="();<>|&")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        return [""]
    if any(_ACTIVE & set(word) and set(word) <= set("();<>|&") for word in words) or "`" in command or "$(" in command:
        return [""]
    programs, fresh = [], True
    for word in words:
        if set(word) == {";"}:
            fresh = True
        elif fresh:
            programs.append(word.rsplit("/", 1)[-1])
            fresh = False
    return programs or [""]
