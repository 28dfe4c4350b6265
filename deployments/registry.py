"""The repositories this machine looks after: name → path, base branch, and the secret of its webhook.

`repositories.json` and `secrets/` lie in `$LINESTOP_HOME`; a secret is readable by its owner only and never leaves it.
"""

import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from linestop.errors import InfraError
from linestop.files import write_whole
from linestop.home import home

SECRET_BYTES = 32


class Registered(BaseModel):
    """One repository. `key` is its name in addresses, deployments and tags."""

    model_config = ConfigDict(frozen=True)

    key: str
    path: Path
    base: str

    @property
    def hook_path(self) -> str:
        """Return the path of its webhook on the receiver."""
        return f"/hooks/{self.key}"

    @property
    def secret_file(self) -> Path:
        """Return where its webhook's secret is kept."""
        return home() / "secrets" / f"webhook-{self.key}"


class _Repositories(BaseModel):
    repositories: tuple[Registered, ...] = ()


def registered() -> dict[str, Registered]:
    """Return the registered repositories by key.

    Raises:
        InfraError: the file is there and can't be read.
    """
    try:
        found = _Repositories.model_validate_json(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        raise InfraError(
            f"{_file()} can't be read", found=str(error), todo="remove it and name the repositories to `linestop up`"
        ) from error
    return {item.key: item for item in found.repositories}


def remember(repository: Registered) -> None:
    """Add or replace a repository and make sure that it has a secret.

    Raises:
        InfraError: the home can't be written.
    """
    known = registered() | {repository.key: repository}
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_whole(_file(), _Repositories(repositories=tuple(known.values())).model_dump_json(indent=2).encode())
        _ensure_secret(repository.secret_file)
    except OSError as error:
        raise InfraError(f"linestop can't write to {home()}", found=str(error), todo="make it writable") from error


def secret_of(repository: Registered) -> bytes:
    """Return the secret of a repository's webhook.

    Raises:
        InfraError: it can't be read, or is empty (an empty secret would let anyone in).
    """
    try:
        secret = repository.secret_file.read_bytes().strip()
    except OSError as error:
        raise _no_secret(repository, str(error)) from error
    if not secret:
        raise _no_secret(repository, "the file is empty")
    return secret


def _ensure_secret(path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(file, "w") as opened:
        opened.write(secrets.token_hex(SECRET_BYTES) + "\n")


def _no_secret(repository: Registered, found: str) -> InfraError:
    return InfraError(
        f"{repository.key} has no webhook secret",
        found=f"{repository.secret_file}: {found}",
        todo="remove the file and run `linestop up`; it makes a new one",
    )


def _file() -> Path:
    return home() / "repositories.json"
