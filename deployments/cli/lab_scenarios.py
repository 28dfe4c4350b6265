"""`linestop lab scenarios`: the shipped scenarios, one of them as its file, or the schema of the format."""

from typing import Annotated

from cyclopts import Parameter

from linestop.deployments.cli.options import Json


def scenarios(
    name: str | None = None,
    /,
    *,
    schema: Annotated[bool, Parameter(name="--schema")] = False,
    json_: Json = False,
) -> int:
    """List the shipped scenarios, print one as a start for your own, or print the format's JSON schema.

    Examples:
        linestop lab scenarios
        linestop lab scenarios good-maker > mine.yaml
        linestop lab scenarios --schema > scenario.schema.json    # for an editor's completion

    Parameters
    ----------
    name
        Print this one's file.
    schema
        Print the JSON schema of scenario files.
    json_
        Print the list as JSON.
    """
    from linestop.deployments.cli.shipped_files import print_shipped  # noqa: PLC0415  # as needed
    from linestop.scenarios.reading import SCENARIOS  # noqa: PLC0415

    told = {"acts": lambda one: len(one.all_acts), "about": lambda one: one.about}
    return print_shipped(SCENARIOS, told, name=name, schema=schema, json_=json_)
