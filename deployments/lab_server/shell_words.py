"""Calls as shell commands: what an agent without tools for files would type, so that its own log reads like one."""

import json
import re
import shlex

from linestop.scenarios import Call, Check, Edit, Read, Run, Search, Write

_EDIT = (
    "import sys; p, o, n = sys.argv[1:]; t = open(p).read(); "
    "assert t.count(o) == 1, f'the text stands {t.count(o)} times in {p}'; open(p, 'w').write(t.replace(o, n))"
)


def as_command(call: Call) -> str:
    """Return a shell command that does what a call does, as an agent without tools for files would write it."""
    match call:
        case Run() | Check():
            return call.command
        case Read():
            span = f"{call.first or 1},{call.last or '$'}p"
            part = ["sed", "-n", span] if call.first or call.last else ["cat"]
            return shlex.join([*part, call.path])
        case Search():
            return shlex.join(["grep", "-rnE", "--", call.pattern, call.path])
        case Edit():
            return _edit_command(call)
        case Write():
            return _write_command(call)
    return shlex.join(["echo", json.dumps(call.model_dump(mode="json", exclude={"do"}))])


def _edit_command(call: Edit) -> str:
    if "\n" in call.old + call.new:
        return shlex.join(["python3", "-c", _EDIT, call.path, call.old, call.new])
    old = re.sub(r"([\\/.*\[\]^$])", r"\\\1", call.old)
    new = re.sub(r"([\\/&])", r"\\\1", call.new)
    there = shlex.join(["grep", "-qF", "--", call.old, call.path])
    return f"{there} && {shlex.join(['sed', '-i', f's/{old}/{new}/', call.path])}"


def _write_command(call: Write) -> str:
    folder = call.path.rpartition("/")[0]
    first = f"mkdir -p {shlex.quote(folder)} && " if folder else ""
    path, end = shlex.quote(call.path), "LINESTOP_END"
    if not call.text.endswith("\n") or end in call.text:
        return f"{first}printf %s {shlex.quote(call.text)} > {path}"
    return f"{first}cat > {path} <<'{end}'\n{call.text}{end}"
