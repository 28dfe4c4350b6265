"""How a call ended is said in one place, by what agents really write."""

import pytest

from linestop.events import Outcome
from linestop.events.outcomes import Ended, outcome_of

OK, ERROR, TIMEOUT, DENIED = Outcome.OK, Outcome.ERROR, Outcome.TIMEOUT, Outcome.DENIED


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        pytest.param(Ended("3", failed=False), OK, id="claude: a result without an error"),
        pytest.param(
            Ended(
                "Claude requested permissions to write to /repo/calc.py, but you haven't granted it yet.", failed=True
            ),
            DENIED,
            id="claude: an edit not granted",
        ),
        pytest.param(
            Ended(
                "This Bash command contains multiple operations. The following part requires approval: make",
                failed=True,
            ),
            DENIED,
            id="claude: a part of a command",
        ),
        pytest.param(
            Ended(
                "This Bash command contains multiple operations. The following parts require approval: a, b",
                failed=True,
            ),
            DENIED,
            id="claude: parts of a command",
        ),
        pytest.param(Ended("This command requires approval", failed=True), DENIED, id="claude: a command"),
        pytest.param(
            Ended("Permission to use Bash with command rm -rf x has been denied.", failed=True),
            DENIED,
            id="claude: a rule",
        ),
        pytest.param(
            Ended(
                "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file"
                " edit, the new_string was NOT written to the file).",
                failed=True,
            ),
            DENIED,
            id="claude: a person said no",
        ),
        pytest.param(
            Ended("Permission to use Bash has been denied: the prompt timed out after 60s", failed=True),
            DENIED,
            id="a refusal that mentions a time-out",
        ),
        pytest.param(
            Ended("The user rejected permission to use this specific tool call.", state="error"),
            DENIED,
            id="opencode: a person or nobody said yes",
        ),
        pytest.param(
            Ended(
                "The user has specified a rule which prevents you from using this specific tool call. Here are some of"
                ' the relevant rules [{"permission":"bash","pattern":"*","action":"deny"}]',
                state="error",
            ),
            DENIED,
            id="opencode: a rule",
        ),
        pytest.param(Ended("exec command rejected by user", state="failed"), DENIED, id="codex: a person said no"),
        pytest.param(
            Ended(
                "approval policy is Never; reject command — you cannot ask for escalated permissions if the approval"
                " policy is Never"
            ),
            DENIED,
            id="codex: nobody may be asked",
        ),
        pytest.param(
            Ended("patch rejected: writing outside of the project; rejected by user approval settings"),
            DENIED,
            id="codex: a patch out of bounds",
        ),
        pytest.param(Ended("", state="declined"), DENIED, id="codex: declined"),
        pytest.param(
            Ended(
                'Tool execution for "run_shell_command" requires user confirmation, which is not supported',
                state="error",
            ),
            DENIED,
            id="gemini: nobody to ask",
        ),
        pytest.param(Ended("Tool execution denied by policy.", state="error"), DENIED, id="gemini: its policy"),
        pytest.param(Ended("The user denied this operation.", failed=True), DENIED, id="cline"),
        pytest.param(
            Ended(
                'Qwen Code requires permission to use "run_shell_command", but that permission was declined.',
                failed=True,
            ),
            DENIED,
            id="qwen",
        ),
        pytest.param(Ended("no", denied=True), DENIED, id="openhands: rejected"),
        pytest.param(
            Ended("Exit code 143\nCommand timed out after 2s", failed=True), TIMEOUT, id="claude: out of time"
        ),
        pytest.param(Ended("Command timed out after 2m 0.0s", failed=True), TIMEOUT, id="claude: without an exit code"),
        pytest.param(
            Ended("command timed out after 10000 milliseconds", exit_code=124, state="failed"), TIMEOUT, id="codex: 124"
        ),
        pytest.param(Ended("", exit_code=124), TIMEOUT, id="coreutils' timeout"),
        pytest.param(
            Ended(
                "x\n\n<bash_metadata>\nbash tool terminated command after exceeding timeout 2000 ms\n</bash_metadata>",
                state="completed",
                timed_out=True,
            ),
            TIMEOUT,
            id="opencode: completed, out of time",
        ),
        pytest.param(
            Ended("Command was automatically cancelled because it exceeded the timeout of 5.0 minutes.", state="error"),
            TIMEOUT,
            id="gemini: out of time",
        ),
        pytest.param(
            Ended("The command 'pytest' was cancelled because it took more than 300 seconds."), TIMEOUT, id="swe-agent"
        ),
        pytest.param(
            Ended("\nCommand 'sleep 99' timed out after 30 seconds", exit_code=-1, failed=True), TIMEOUT, id="mini"
        ),
        pytest.param(Ended("", timed_out=True), TIMEOUT, id="openhands: marked"),
        pytest.param(Ended("ls: cannot access", exit_code=3), ERROR, id="an exit code"),
        pytest.param(Ended("", exit_code=126), ERROR, id="can't be executed"),
        pytest.param(Ended("sh: nope: command not found", exit_code=127), ERROR, id="not found"),
        pytest.param(Ended("Exit code 3\nls: cannot access '/nope'", failed=True), ERROR, id="claude: an exit code"),
        pytest.param(
            Ended("<tool_use_error>String to replace not found in file.\nString: zzz</tool_use_error>", failed=True),
            ERROR,
            id="claude: an edit that doesn't fit",
        ),
        pytest.param(Ended("File not found: /repo/nope.py", state="error"), ERROR, id="opencode: no file"),
        pytest.param(
            Ended("Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 1\nOutput:\nno"),
            ERROR,
            id="codex session",
        ),
        pytest.param(
            Ended("cat: /root/x: Permission denied", exit_code=1),
            ERROR,
            id="the operating system's permission is no policy",
        ),
        pytest.param(
            Ended("curl: (28) Connection timed out after 5000 ms", exit_code=28),
            ERROR,
            id="a time-out inside a command",
        ),
        pytest.param(
            Ended("remote: push denied by policy", exit_code=1), ERROR, id="a refusal that a command met elsewhere"
        ),
        pytest.param(Ended("E  Failed: Timeout >10.0s", exit_code=1), ERROR, id="a test's own time-out"),
        pytest.param(Ended("Ran 1 test\nFAILED (failures=1)", exit_code=0), OK, id="exit code 0 is what counts"),
        pytest.param(
            Ended('raise Denied("The user rejected permission to use this")', failed=False),
            OK,
            id="a file that quotes it",
        ),
        pytest.param(
            Ended("x" * 900 + " the command timed out after 30 seconds " + "x" * 900),
            OK,
            id="deep in a text of no mark",
        ),
        pytest.param(Ended(""), OK, id="nothing said"),
        pytest.param(
            Ended("/usr/bin/bash: line 4: nope: command not found", state="success", unmarked_shell=True),
            ERROR,
            id="gemini: not found, though a success",
        ),
        pytest.param(
            Ended("ls: cannot access '/nope': No such file or directory", state="success", unmarked_shell=True),
            ERROR,
            id="gemini: no file",
        ),
        pytest.param(
            Ended("Ran 3 tests in 0.001s\n\nFAILED (failures=1)\n", state="success", unmarked_shell=True),
            ERROR,
            id="gemini: unittest",
        ),
        pytest.param(
            Ended("F..\n=== 1 failed, 2 passed in 0.12s ===", state="success", unmarked_shell=True),
            ERROR,
            id="gemini: pytest",
        ),
        pytest.param(
            Ended("Traceback (most recent call last):\n  x\nValueError: no", state="success", unmarked_shell=True),
            ERROR,
            id="gemini: python",
        ),
        pytest.param(Ended("3 passed in 0.1s", state="success", unmarked_shell=True), OK, id="gemini: all passed"),
        pytest.param(
            Ended("raise ValueError\nmore", state="success", unmarked_shell=True),
            OK,
            id="gemini: an error in the middle",
        ),
        pytest.param(
            Ended("x: command not found", state="success"), OK, id="the words alone, of a tool that marks its results"
        ),
    ],
)
def test_outcome(ended: Ended, expected: Outcome) -> None:
    assert outcome_of(ended) is expected
