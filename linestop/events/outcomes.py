"""How a tool call ended: the one place that says ok, error, timeout or denied (SPEC.md section 4).

A refusal by the agent's permission system is `denied`, even where it mentions a time-out. A command that ran out of its
time is `timeout`. Any other failure, also an exit code of 126 or 127, is `error`. "Permission denied" of the operating
system is an error of the command, no refusal. Only a failed or an unmarked result is looked at word by word: a file
that quotes a refusal was read all right.
"""

import re
from dataclasses import dataclass

from linestop.events.model import Outcome

_EDGE_CHARS = 600  # where an agent's own words stand, before and after a tool's output
_TIMEOUT_EXIT = 124  # of coreutils' timeout, and of codex
_KILLED_EXITS = frozenset({-15, -9, -1, 137, 143})  # an exit code that a time-out leaves behind

# Words of permission systems, from the command lines' own texts (tests/unit/test_event_outcomes.py quotes each).
_REFUSALS = re.compile(
    r"requested permissions? to .{1,300}?(?:haven't|have not) granted"  # claude
    r"|requires? approval\b"
    r"|permission to use \S+.{0,300}? has been (?:denied|auto-denied)"
    r"|permission for this (?:action|tool use) (?:has been|was) denied"
    r"|(?:doesn't|does not) want to (?:proceed with|take) this (?:tool use|action)"
    r"|the tool use was rejected"
    r"|was blocked\. For security"
    r"|(?:blocked|denied) by (?:a |the )?(?:\w+ )?(?:hook|policy|permission|rule|user|sandbox)"
    r"|user (?:has )?(?:rejected|denied|declined|refused)"  # opencode, cline, qwen
    r"|rule which prevents you from using"
    r"|(?:rejected|declined|denied) (?:by|by the) (?:user|policy|reviewer|approval)"  # codex
    r"|reject(?:ed)? command\b"
    r"|approval policy is \W?never|rejected by user approval settings"
    r"|patch rejected"
    r"|requires user (?:confirmation|approval)"  # gemini
    r"|requires? permission to (?:use|run|execute)|permission was declined"  # qwen
    r"|operation was (?:rejected|denied|declined) by"
    r"|not (?:allowed|permitted) (?:in|by) (?:\S+ )?(?:plan|read-only|approval|permission|sandbox|policy)"
    r"|tool (?:execution|call|use) (?:was |is )?(?:denied|rejected|blocked|not allowed)"
    r"|\[Operation Cancelled\] Reason: (?:User|Policy)",
    re.IGNORECASE | re.DOTALL,
)
_TIMEOUTS = re.compile(
    r"\b(?:command|tool|execution|process|request)\b.{0,120}?\btimed[ -]out\b"
    r"|\btimed out (?:after|in) [\d.]+ ?(?:m?s\b|sec|min|h)"
    r"|exceed(?:ed|ing) (?:the |its )?(?:time-?out|time limit)"
    r"|cancelled because it (?:took more than|exceeded the time)"
    r"|has no new output after \d"
    r"|TimeoutExpired",
    re.IGNORECASE,
)
_EXIT = re.compile(
    r"^(?:Error: )?Exit code:? (-?\d{1,4})\b|^Process exited with code (-?\d{1,4})\b"
    r"|\[(?:The command completed|Command finished|Command exited) with exit code (-?\d{1,4})\.?\]"
    r"|^Exit Code: (-?\d{1,4})$|^Command exited with code (-?\d{1,4})$",
    re.MULTILINE,
)
_FAILED = re.compile(r"\A\s*(?:<(?:tool_use_)?error>|(?:Tool )?(?:Error|ERROR|error)(?:\b[^\n]{0,40})?:)")
# The last line of commands that failed, for streams that tell no exit code: shells, make, npm, Python and its tests.
_FAILED_RUN = re.compile(
    r"(?:^|\n)(?:\S{0,60}: (?:line \d+: )?[^\n]{1,200}: command not found"
    r"|\S{1,60}: [^\n]{0,200}: (?:No such file or directory|Permission denied|Is a directory)"
    r"|make(?:\[\d+\])?: \*\*\* [^\n]{1,200}"
    r"|npm (?:ERR!|error) [^\n]{0,200}"
    r"|FAILED \([^\n]{0,80}(?:failures|errors)=\d+[^\n]{0,40}\)"
    r"|=* ?\d+ (?:failed|errors?)\b[^\n]{0,120} in [\d.]+s[^\n]{0,20}"
    r"|(?:\w+\.)*\w*(?:Error|Exception)(?:: [^\n]{0,200})?)\Z"
)
_FAILED_STATES = frozenset({"error", "failed", "failure", "cancelled", "canceled", "interrupted", "aborted"})
_DENIED_STATES = frozenset({"declined", "denied", "rejected", "blocked"})


@dataclass(frozen=True, slots=True)
class Ended:
    """What a stream says of a call's end. None: it doesn't say."""

    text: str = ""
    failed: bool | None = None
    exit_code: int | None = None
    timed_out: bool | None = None
    denied: bool | None = None
    state: str = ""
    unmarked_shell: bool = False  # a command's output, from a stream that never tells exit codes


def outcome_of(ended: Ended) -> Outcome:
    """Return how a call ended."""
    if ended.failed is False and ended.exit_code is None and not (ended.denied or ended.timed_out or ended.state):
        return Outcome.OK  # most results; their text is the tool's and says nothing
    state = ended.state.lower()
    words = _edges(ended.text)
    exit_code = ended.exit_code if ended.exit_code is not None else exit_code_in(words)
    failed = _failed(ended, state, exit_code)
    ran = exit_code is not None and exit_code >= 0  # a refused command has no exit code
    if ended.denied or state in _DENIED_STATES or (failed is not False and not ran and _REFUSALS.search(words)):
        return Outcome.DENIED
    if ended.timed_out or exit_code == _TIMEOUT_EXIT:
        return Outcome.TIMEOUT
    may_be_late = failed is not False and (exit_code is None or exit_code in _KILLED_EXITS)
    if may_be_late and _TIMEOUTS.search(words if failed else _edges(ended.text, 200)):
        return Outcome.TIMEOUT
    told = (failed is None and _FAILED.match(words)) or (
        ended.unmarked_shell and _FAILED_RUN.search(ended.text[-_EDGE_CHARS:].rstrip())
    )
    return Outcome.ERROR if failed or told else Outcome.OK


def exit_code_in(text: str) -> int | None:
    """Return the exit code that an agent wrote into a result's text, None where there is none."""
    match = _EXIT.search(_edges(text))
    return int(next(group for group in match.groups() if group is not None)) if match else None


def _failed(ended: Ended, state: str, exit_code: int | None) -> bool | None:
    if ended.failed or state in _FAILED_STATES or exit_code not in {None, 0}:
        return True
    return False if ended.failed is False or state or exit_code == 0 else None


def _edges(text: str, each: int = _EDGE_CHARS) -> str:
    return text if len(text) <= 2 * each else f"{text[:each]}\n{text[-each:]}"
