"""cline. Prompt by stdin, endpoint by a command of its own that runs first; leaves a daemon that the sandbox reaps."""

from linestop.blocks.presets.preset import FAKE_KEY, QUIET, Errand, Preset, Start
from linestop.engines import Wire

_BRIEF = "Carry out the brief that follows."  # it wants an argument too, and puts stdin below it


class Cline(Preset):
    """`cline --json`, from the npm package cline."""

    name = "cline"
    command = "cline"
    install = "npm install -g cline"
    endpoint = "openai"
    wires = frozenset({Wire.OPENAI_CHAT})
    stream = "cline"

    def before(self, errand: Errand) -> tuple[Start, ...]:
        """Tell it the endpoint; the key is the fake one."""
        argv = (*errand.program, "auth", "-p", "openai", "-k", FAKE_KEY, "-m", errand.model, "-b", errand.base)
        return (Start(argv=argv, env=QUIET),)

    def start(self, errand: Errand) -> Start:
        """Plan mode for roles that only look: it keeps it from editing. It resumes no session where it speaks JSON."""
        argv = (
            *errand.program,
            *("--json", "--auto-approve", "true", "-P", "openai", "-m", errand.model, "-k", FAKE_KEY),
            *(("--plan",) if errand.looks_only else ()),
            _BRIEF,
        )
        return Start(argv=argv, stdin=errand.prompt.encode(), env=QUIET)
