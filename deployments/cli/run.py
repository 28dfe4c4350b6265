"""`linestop run`: the main job in one command: audit, execute, document."""

from linestop.deployments.cli.options import Json, MaybeRepo


def run(
    repository: MaybeRepo = None,
    *,
    parallel: int | None = None,
    json_: Json = False,
) -> int:
    """Audit a repository, carry out what was planned, bring its wiki up to date. Writes branches only.

    Examples:
        linestop run                 # the bundled example repository
        linestop run ~/src/shop
        linestop run ~/src/shop --parallel 4 --json

    The checkout and the base branch stay as they are. Plans are on branch `linestop/plans`, verified work on
    `linestop/<ticket>`, the wiki on `linestop/wiki`. Run it again: what is done isn't done twice. Exit codes: 0 done,
    1 failed, 3 not done, 4 waiting on a person.

    Parameters
    ----------
    repository
        Any folder in the repository. Nothing: the bundled example, kept in `$LINESTOP_HOME/example`.
    parallel
        Tickets at a time; by default the policy's number.
    json_
        Print the three reports as one JSON object.
    """
    from linestop.deployments.cli.whole_job import whole_job  # noqa: PLC0415  # lazy: see app.py

    return whole_job(repository, parallel=parallel, json_=json_)
