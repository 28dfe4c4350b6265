"""`linestop lab experiments`: the shipped experiments, one of them as its file, or the schema of the format."""

from linestop.deployments.cli.options import Json


def experiments(name: str | None = None, /, *, schema: bool = False, json_: Json = False) -> int:
    """List the shipped experiments, or print one's file as a start for your own.

    Examples:
        linestop lab experiments
        linestop lab experiments on-topic > mine.yaml
        linestop lab experiments --schema     # for an editor's completion

    Parameters
    ----------
    name
        Print this one's file.
    schema
        Print the JSON schema of experiment files.
    json_
        Print the list as JSON.
    """
    from linestop.deployments.cli.shipped_files import print_shipped  # noqa: PLC0415  # as needed
    from linestop.lab.reading import EXPERIMENTS  # noqa: PLC0415

    return print_shipped(
        EXPERIMENTS,
        {"expect": lambda one: str(one.expect), "question": lambda one: one.question},
        headings={"expect": "comes to"}, name=name, schema=schema, json_=json_,
    )  # fmt: skip
