"""`linestop run`: the main job in one command: audit, execute, document; and `show` and `prune` for runs' records."""

from cyclopts import App

from linestop.deployments.cli.options import Json, MaybeRepo, listed

run = App(name="run", help_format="plaintext")
run.command("linestop.deployments.cli.run_show:show", name="show", help=listed("show", "Show one run's record."))
run.command(
    "linestop.deployments.cli.run_prune:prune", name="prune", help=listed("prune", "Take the bulk out of old records.")
)


@run.default
def main_job(
    repository: MaybeRepo = None,
    *,
    parallel: int | None = None,
    maker: str | None = None,
    checker: str | None = None,
    reviewer: str | None = None,
    json_: Json = False,
) -> int:
    """Audit a repository, carry out what was planned, bring its wiki up to date. Writes branches only.

    Examples:
        linestop run                 # the bundled example repository
        linestop run ~/src/shop
        linestop run ~/src/shop --parallel 4 --json
        linestop run ~/src/shop --maker codex --checker claude
        linestop run show latest     # what the newest run did

    The checkout and the base branch stay as they are. Plans are on branch `linestop/plans`, verified work on
    `linestop/<ticket>`, the wiki on `linestop/wiki`. Run it again: what is done isn't done twice. Exit codes: 0 done,
    1 failed, 3 not done, 4 waiting on a person. `linestop run show` reads one run's record, `linestop run prune`
    makes old ones small; a repository in a folder that is called `show` or `prune` is `./show`.

    Parameters
    ----------
    repository
        Any folder in the repository. Nothing: the bundled example, kept in `$LINESTOP_HOME/example`.
    parallel
        Tickets at a time; by default the policy's number.
    maker
        The engine that edits; by default the policy's, which is `static` as it comes.
    checker
        An agent that judges each commit which passed guards and checks.
    reviewer
        An agent that judges the whole branch before delivery.
    json_
        Print the three reports as one JSON object.
    """
    from linestop.deployments.cli.whole_job import whole_job  # noqa: PLC0415  # lazy: see app.py

    roles = {"maker": maker, "checker": checker, "reviewer": reviewer}
    return whole_job(repository, parallel=parallel, roles=roles, json_=json_)
