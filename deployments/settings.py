"""The machine's settings: `$LINESTOP_HOME/settings.toml`, with env > file > default. No other module reads them.

A repository's own policy is linestop/policy.py.
"""

from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from linestop.errors import PolicyError
from linestop.home import home

FILE = "settings.toml"
SQLITE_WORKERS = 4  # it stalls at about 10 flow runs at a time
POSTGRES_WORKERS = 16
_POSTGRES = "postgresql+asyncpg://"

Port = Annotated[int, Field(ge=1, le=65535)]


class MachineSettings(BaseSettings):
    """How the server, the worker and the receiver run. Environment variables are `LINESTOP_DATABASE_URL` and so on."""

    model_config = SettingsConfigDict(env_prefix="LINESTOP_", extra="ignore", frozen=True)

    database_url: SecretStr | None = Field(
        default=None,
        description="postgresql://user:password@host/name for more than a few parallel tickets; nothing = SQLite",
    )
    port: Port | None = Field(
        default=None, description="server and UI; nothing = 4200, or a free one where it is taken"
    )
    receiver_host: str = Field(default="127.0.0.1", description="address the webhook receiver listens on")
    receiver_port: Port | None = Field(default=None, description="nothing = 4210, or a free one where it is taken")
    receiver_max_bytes: int = Field(default=5_000_000, ge=1_000, description="a larger payload is answered with 413")
    server_start_seconds: int = Field(default=120, ge=5, description="how long a server may take until it answers")
    workers: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="tickets and runs at a time on this server; nothing = 4 on SQLite, 16 on PostgreSQL",
    )
    audit_cron: str = Field(default="0 3 * * 1", description="when repositories are audited; Monday 03:00")
    audit_timezone: str = Field(default="UTC", description="time zone of audit_cron, as in Europe/Berlin")
    fetch: bool = Field(
        default=False,
        description="fetch the base branch from origin, with your credentials, when a merged commit is not here yet",
    )

    @property
    def slots(self) -> int:
        """Return how many tickets, and runs of the worker, go at a time: SQLite serves few."""
        postgres = self.database_url and self.database_url.get_secret_value().startswith(_POSTGRES)
        return self.workers or (POSTGRES_WORKERS if postgres else SQLITE_WORKERS)

    @field_validator("database_url")
    @classmethod
    def _known_driver(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        url = value.get_secret_value()
        for plain in ("postgresql://", "postgres://"):
            url = url.replace(plain, _POSTGRES, 1) if url.startswith(plain) else url
        if not url.startswith((_POSTGRES, "sqlite+aiosqlite://")):
            raise ValueError("must start with postgresql:// or sqlite+aiosqlite://")
        return SecretStr(url)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # their signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: the call, the environment, the file, defaults; never a `.env` of the working directory."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=home() / FILE))


def machine_settings(**given: Any) -> MachineSettings:
    """Return the machine's settings; `given` (what the command line says) wins, None in it means not said.

    Raises:
        PolicyError: the file is no TOML, or a value is out of bounds.
    """
    path = home() / FILE
    try:
        return MachineSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_input=False)[0]  # the input may be a password
        key = ".".join(str(part) for part in first["loc"])
        raise PolicyError(
            f"the machine's setting {key} can't be used: {first['msg']}",
            found=f"in LINESTOP_{key.upper()} or {path}",
            todo="correct it; docs/deployments.md lists all settings",
        ) from error
    except (OSError, ValueError) as error:
        raise PolicyError(f"{path} can't be read", found=str(error), todo="correct the file or remove it") from error
