"""What a person can do about a base whose checks are red, as text that can be pasted into the policy."""

import json
import shlex
from collections.abc import Sequence

from linestop.checks.commands import Runner

MAX_LEFT_OUT = 40  # more failures than that say that the environment is wrong, not the tests


def without(runner: Runner, command: Sequence[str], nodes: Sequence[str]) -> str | None:
    """Return the same command without some tests, None where the runner has no way to say it, or they are too many."""
    if runner != "pytest" or not nodes or len(nodes) > MAX_LEFT_OUT:
        return None
    options = (("--deselect" if "::" in node else "--ignore", node) for node in nodes)
    return shlex.join([*command, *(word for option in options for word in option)])


def advice(description: str, command: str | None, setup: Sequence[str]) -> str:
    """Return lines that say how the checks were run and what to set; they end with a TOML table that can be pasted."""
    green = json.dumps(command, ensure_ascii=False) if command else '"…"  # one that is green here'
    return "\n".join(
        [
            f"The checks were run so: {description}.",
            "Mend the base, or put into .linestop/config.toml:",
            "",
            "[checks]",
            f"command = {green}",
            "# where the environment is wrong: what pip installs (in place of this, which was found),",
            f"# setup = {json.dumps(list(setup), ensure_ascii=False)}",
            "# or an interpreter that has everything",
            '# python = "/path/to/python"',
        ]
    )
