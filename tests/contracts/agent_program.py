"""An agent's command line as small as one can be: takes unused imports out, and can misbehave in most known ways.

Run as `python agent_program.py MODE`. Its brief comes by stdin; it prints the stream of Claude Code. It is a program,
imported by no test, and knows nothing of linestop.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

SESSION = "5e551011-0000-4000-8000-000000000001"
UNUSED = b"import os\n"


def say(record: object) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def started() -> None:
    say({"type": "system", "subtype": "init", "session_id": SESSION, "cwd": str(Path.cwd()), "model": "tiny-1"})


def assistant(*blocks: object) -> None:
    message = {"id": f"msg_{time.monotonic_ns()}", "role": "assistant", "model": "tiny-1", "content": blocks}
    say({"type": "assistant", "session_id": SESSION, "message": message})


def call(name: str, result: str, **args: object) -> None:
    identifier = f"toolu_{time.monotonic_ns()}"
    assistant({"type": "tool_use", "id": identifier, "name": name, "input": args})
    content = [{"type": "tool_result", "tool_use_id": identifier, "content": result}]
    say({"type": "user", "session_id": SESSION, "message": {"role": "user", "content": content}})


def ended(text: str, *, is_error: bool = False, subtype: str = "success") -> None:
    say({"type": "result", "subtype": subtype, "is_error": is_error, "session_id": SESSION, "result": text})


def answer(**said: object) -> str:
    return f"Done.\n\n```linestop\n{json.dumps(said)}\n```"


def work(brief: str) -> None:
    source, files = re.search(r"\(source (\S+)\) in:\n\n(~+)\n(.*?)\n\2\n", brief, re.DOTALL).group(1, 3)  # type: ignore[union-attr]
    if source != "ruff":
        ended(answer(summary="Nothing was changed.", could_not=[f"{source} is nothing for me"]))
        return
    root, could_not, done = Path.cwd().resolve(), [], 0
    for path in files.splitlines():
        at = root / path
        if not (at.is_file() and at.resolve() == at and at.is_relative_to(root)):
            could_not.append(f"{path!r} can't be worked on")
            continue
        content = at.read_bytes()
        call("Read", content.decode(), file_path=str(at))
        if content.startswith(UNUSED):
            at.write_bytes(content.removeprefix(UNUSED))
            call("Edit", "changed", file_path=str(at), old_string="import os", new_string="")
            done += 1
    ended(answer(summary=f"Took an unused import out of {done} file(s).", could_not=could_not))


def environment(_: str) -> None:
    """Say all that it sees of its environment, and of the processes round it."""
    seen = dict(os.environ)
    ended(answer(summary=json.dumps(seen)))


def hang(_: str) -> None:
    call("Bash", "hello", command="echo hello")
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    time.sleep(600)


def endless(_: str) -> None:
    while True:
        sys.stdout.write("x" * 65_536)


def chatter(_: str) -> None:
    while True:
        call("Bash", "again", command="echo again")
        time.sleep(0.01)


def daemon(brief: str) -> None:
    marker = Path.cwd().parent / "daemon.pid"
    code = f"import os, time; os.setsid(); open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (marker.exists() and marker.read_text()):
        time.sleep(0.01)
    work(brief)


def crash(_: str) -> None:
    call("Bash", "hello", command="echo hello")
    sys.stderr.write("Segmentation fault (core dumped)\n")
    sys.exit(139)


def says_success_with_an_error(_: str) -> None:
    ended("Credit balance is gone", is_error=True)


def stops_in_the_middle(_: str) -> None:
    call("Bash", "hello", command="echo hello")


def turns(_: str) -> None:
    ended("Reached max turns", is_error=True, subtype="error_max_turns")


def fails_after_success(_: str) -> None:
    ended(answer(summary="all is well"))
    sys.exit(1)


def garbage(_: str) -> None:
    sys.stdout.buffer.write(b"\xff\xfe{{{\n" + b"[" * 100_000 + b"\n" + b'{"type": 7}\n' + b"y" * 17_000_000 + b"\n")
    sys.stdout.flush()
    ended(answer(summary="after all that"))


def prose(_: str) -> None:
    sys.stdout.write("I looked at it.\n" + answer(summary="in prose", could_not=["one"]) + "\n")


def asks_a_model(_: str) -> None:
    """Ask the model once, as any client would, and say what came of it."""
    url = f"{os.environ['ANTHROPIC_BASE_URL']}/v1/messages"
    body = {"model": "tiny-1", "max_tokens": 10, "messages": [{"role": "user", "content": "hello"}]}
    headers = {"content-type": "application/json", "x-api-key": os.environ["ANTHROPIC_API_KEY"]}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310  # the test's own server
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:  # noqa: S310
            ended(answer(summary=json.loads(reply.read())["content"][0]["text"]))
    except urllib.error.HTTPError as error:
        ended(f"API Error: {error.code}")  # and claims success


MODES = {
    one.__name__: one
    for one in (
        work, environment, hang, endless, chatter, daemon, crash, says_success_with_an_error, stops_in_the_middle,
        turns, fails_after_success, garbage, prose, asks_a_model,
    )
}  # fmt: skip

if __name__ == "__main__":
    told = sys.stdin.read()
    if sys.argv[1] != "prose":
        started()
    MODES[sys.argv[1]](told)
