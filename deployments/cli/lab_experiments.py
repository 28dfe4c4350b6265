"""`linestop lab experiments`: the shipped experiments, one of them as its file, or the schema of the format."""

import json
import sys

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
    from linestop.deployments.cli.text_table import terminal_width, text_table  # noqa: PLC0415
    from linestop.lab.experiment import Experiment  # noqa: PLC0415
    from linestop.lab.reading import shipped_experiments, shipped_text  # noqa: PLC0415

    if schema:
        sys.stdout.write(json.dumps(Experiment.model_json_schema(by_alias=True), indent=2) + "\n")
        return 0
    if name is not None:
        sys.stdout.write(shipped_text(name))
        return 0
    rows = [(key, str(one.expect), one.question) for key, one in shipped_experiments().items()]
    if json_:
        named = [dict(zip(("name", "expect", "question"), row, strict=True)) for row in rows]
        sys.stdout.write(json.dumps(named, indent=2) + "\n")
        return 0
    sys.stdout.write(text_table(("experiment", "comes to", "question"), rows, width=terminal_width()) + "\n")
    return 0
