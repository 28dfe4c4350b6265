"""`linestop lab again`: an entry of the notebook once more, from its own inputs."""

import sys
from pathlib import Path

from linestop.blocks.lab_desk import bench_again, entry_named
from linestop.deployments.cli.lab_ab import carried_out, say
from linestop.deployments.cli.options import Json, Repo
from linestop.lab.entry import Entry
from linestop.policy import policy_hash


def again(entry: str, /, *, repo: Repo = Path(), json_: Json = False) -> int:
    """Run an experiment of the notebook once more: the same briefs, rule, engine and commit; a new entry.

    Examples:
        linestop lab again latest
        linestop lab again 20261121-on-topic-a1b2c3 --json

    Both arms are told what they were told then, whatever was learned since. `linestop lab rerun` takes an entry's id as
    well, and what `linestop lab run` did is run again by it. Exit codes as `linestop lab ab`.

    Parameters
    ----------
    entry
        An entry's id, its beginning or its end, or `latest`.
    json_
        Print the new entry as JSON.
    """
    notebook, first = entry_named(repo, entry)
    bench = bench_again(notebook, first, repository=repo)
    if first.subject.policy != policy_hash(bench.line.policy):
        say("the policy is not the one of then: limits of the sandbox, checks or watch may differ")
    say(bench.entry.rule.text)
    code = carried_out(bench, json_=json_)
    then = f"then     {first.answer} ({first.id}): {compared(first, bench.entry)}\n"
    (sys.stderr if json_ else sys.stdout).write(then)
    return code


def compared(first: Entry, again: Entry) -> str:
    """Return whether an entry came to the same again; what was broken off, or too little, came to nothing."""
    if not (first.concluded and again.concluded):
        return "nothing to compare"
    return "the same" if again.answer == first.answer else "another answer"
