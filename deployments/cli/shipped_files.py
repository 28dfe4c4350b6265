"""Prints what is shipped of a format: the list, one file as a start for one's own, or the format's JSON schema."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from linestop.deployments.cli.text_table import terminal_width, text_table
from linestop.scenarios.shipped import Model, Shipped


def print_shipped(
    shipped: Shipped[Model],
    told: Mapping[str, Callable[[Model], Any]],
    *,
    name: str | None,
    schema: bool,
    json_: bool,
    headings: Mapping[str, str] | None = None,
) -> int:
    """Print the file of a name, the schema, or the list; return 0.

    `told` is what the list says of each, by its key in JSON; `headings` are those of the table where they differ.

    Raises:
        UsageError: nothing of this name is shipped.
    """
    if schema:
        sys.stdout.write(json.dumps(shipped.model.model_json_schema(by_alias=True), indent=2) + "\n")
    elif name is not None:
        sys.stdout.write(shipped.text(name))
    else:
        rows = [{"name": key, **{what: of(one) for what, of in told.items()}} for key, one in shipped.all().items()]
        columns = [shipped.noun, *((headings or {}).get(what, what) for what in told)]
        cells = [tuple(row.values()) for row in rows]
        listed = json.dumps(rows, indent=2) if json_ else text_table(columns, cells, width=terminal_width())
        sys.stdout.write(f"{listed}\n")
    return 0
