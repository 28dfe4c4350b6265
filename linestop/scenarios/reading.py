"""Reads a scenario file."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from linestop.errors import UsageError
from linestop.scenarios.model import Scenario


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of a file.

    Raises:
        UsageError: it can't be read, is no YAML, or breaks the format; names the place.
    """
    try:
        return Scenario.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"the scenario {path} can't be read", found=str(error), todo="correct the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UsageError(
            f"the scenario {path} breaks the format", found=f"{where}: {first['msg']}", todo="see docs/scenarios.md"
        ) from error
