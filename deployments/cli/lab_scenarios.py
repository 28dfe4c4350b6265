"""`linestop lab scenarios`: the shipped scenarios, one of them as its file, or the schema of the format."""

import json
import sys
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
    from linestop.deployments.cli.text_table import terminal_width, text_table  # noqa: PLC0415
    from linestop.scenarios import Scenario, shipped_scenarios, shipped_text  # noqa: PLC0415

    if schema:
        sys.stdout.write(json.dumps(Scenario.model_json_schema(by_alias=True), indent=2) + "\n")
        return 0
    if name is not None:
        sys.stdout.write(shipped_text(name))
        return 0
    found = shipped_scenarios()
    if json_:
        listed = [{"name": key, "acts": len(one.all_acts), "about": one.about} for key, one in found.items()]
        sys.stdout.write(json.dumps(listed, indent=2) + "\n")
    else:
        rows = [(key, len(one.all_acts), one.about) for key, one in found.items()]
        sys.stdout.write(text_table(("scenario", "acts", "about"), rows, width=terminal_width()) + "\n")
    return 0
