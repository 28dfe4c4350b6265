"""Options that several commands share, so that they are called the same everywhere."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Json = Annotated[bool, Parameter(name="--json")]
Repo = Annotated[Path, Parameter(name="--repo")]
MaybeRepo = Annotated[Path | None, Parameter(name="--repo")]
