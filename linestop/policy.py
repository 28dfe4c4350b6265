"""The policy of a repository: `.linestop/config.toml`, with env > file > default. No other module reads it."""

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from linestop.engines import Endpoint, EngineSettings, McpServer
from linestop.errors import PolicyError
from linestop.events.identity import sha256_text
from linestop.paths import Layout
from linestop.watch.ladder import known_detectors


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AuditPolicy(_Section):
    """What the audit looks for."""

    rules: tuple[str, ...] | None = Field(default=None, description="ruff rules; nothing = the built-in allow-list")
    ignore: tuple[str, ...] = Field(default=(), description="rules never reported, of any source")
    exclude: tuple[str, ...] = Field(default=(), description="globs of paths never looked at")
    sources: dict[str, str] = Field(
        default_factory=dict, description="further scanners: name = command that prints SARIF"
    )
    gate_unfixable: bool = Field(
        default=True, description="what has no safe fix waits for a person; false: the maker, an agent, gets it too"
    )
    max_plans: int = Field(default=5, ge=1, le=5, description="open plans at a time")
    timeout_seconds: int = Field(default=300, ge=1, description="of each scanner")


class ChecksPolicy(_Section):
    """The repository's own checks. Nothing set = detected."""

    command: str | None = Field(default=None, description="the test command, split as a shell would, run without one")
    setup: tuple[str, ...] | None = Field(default=None, description="pip requirements of the environment to build")
    python: str | None = Field(default=None, description="interpreter to run the checks with, instead of building one")
    timeout_seconds: int = Field(default=1800, ge=1, description="of one run of the checks")
    tests: tuple[str, ...] = Field(default=(), description="globs of test files, added to the detected ones")


class ExecutionPolicy(_Section):
    """How tickets are carried out."""

    base: str | None = Field(default=None, description="base branch; nothing = the branch checked out")
    parallel: int = Field(default=2, ge=1, le=32, description="tickets at a time; SQLite serves few, see docs")
    attempts: int = Field(default=3, ge=1, le=10, description="per chunk")
    failures_to_stop: int = Field(default=3, ge=1, le=10, description="failures in a row that stop a ticket")
    lease_seconds: int = Field(default=600, ge=10, description="a claim not renewed for so long is free again")
    dispatch_seconds: int = Field(default=7200, ge=1, description="one maker's time; then its ticket is stopped")
    infra_wait_seconds: float = Field(default=3600, gt=0, description="how long a ticket waits for the infra lock")
    delivery: Literal["branch"] = Field(default="branch", description="nothing is pushed or merged")


class GuardsPolicy(_Section):
    """What a diff may never do; `allow` names the exceptions as rule:glob."""

    allow: tuple[str, ...] = Field(default=(), description="for example `suppressions:src/legacy/*`")
    max_out_of_scope: int = Field(default=5, ge=1, description="files out of scope from which the plan is reviewed")


class RolesPolicy(_Section):
    """Which engine has which role: a name of `[engines]`, a preset's (`codex`), `static`, or `block:NAME`."""

    maker: str = Field(default="static", description="edits the workspace")
    checker: str = Field(default="", description="judges a commit that passed guards and checks; nothing = no agent")
    reviewer: str = Field(default="", description="a second opinion before delivery; nothing = none")


class SandboxPolicy(_Section):
    """What agents' processes run in."""

    kind: Literal["auto", "bubblewrap", "docker", "plain"] = Field(
        default="auto", description="auto: bubblewrap, else docker; plain isolates nothing"
    )
    allow_plain: bool = Field(default=False, description="let unattended agents run without any isolation")
    network: Literal["none", "proxy", "allow", "open"] = Field(default="proxy", description="what agents reach")
    hosts: tuple[str, ...] = Field(default=(), description="with `allow`: names that agents may reach")
    memory_mb: int = Field(default=4096, ge=16, description="of all processes of a dispatch")
    cpus: float = Field(default=2.0, gt=0, description="of all processes of a dispatch")
    processes: int = Field(default=512, ge=8, description="of a dispatch at a time")
    disk_mb: int = Field(default=2048, ge=1, description="that a dispatch may write")
    image: str = Field(default="", description="docker image; empty: one that is built offline")
    docker_host: str = Field(default="", description="address of the docker daemon; empty: DOCKER_HOST, else its own")


class WatchPolicy(_Section):
    """How far each detector may climb: observe, nudge, block, stop, line-stop."""

    ladder: dict[str, Literal["observe", "nudge", "block", "stop", "line-stop"]] = Field(
        default_factory=dict, description="detector = highest rung, over the defaults of docs/watch.md"
    )
    off: tuple[str, ...] = Field(default=(), description="detectors that are not run")
    pollers: tuple[str, ...] = Field(default=(), description="commands that may be repeated while they wait, as globs")
    failures: int = Field(default=3, ge=2, description="score of the recovery checkpoint")
    silence_seconds: float = Field(default=600, gt=0, description="without an event for so long ends a dispatch")
    no_progress_seconds: float = Field(default=600, gt=0, description="without a change of the work ends a dispatch")

    _known = field_validator("ladder", "off")(known_detectors)


class BudgetPolicy(_Section):
    """What one ticket may cost over its life; nothing set = no cap."""

    tokens: int | None = Field(default=None, ge=1, description="input and output together")
    usd: float | None = Field(default=None, gt=0, description="a model without a known price is refused then")
    prices: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="model = dollars per million input and output tokens, over the price book's"
    )
    rate_limit_wait_seconds: float = Field(
        default=6 * 3600,
        ge=0,
        description="how long a rate limit is waited for; no attempt is used",
    )


class MemoryPolicy(_Section):
    """What is remembered, and how much of it a dispatch is told."""

    enabled: bool = Field(default=True, description="false: nothing is remembered and nothing told")
    fraction: float = Field(default=0.15, gt=0, le=0.5, description="share of the engine's window for what is told")
    skills: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="role = names of the skills it is told, in place of its own"
    )


class DocumentationPolicy(_Section):
    """What the wiki covers."""

    exclude: tuple[str, ...] = Field(default=(), description="globs of paths the wiki leaves out")


class Policy(BaseSettings):
    """All of it. Environment variables are `LINESTOP_EXECUTION__PARALLEL` and so on."""

    model_config = SettingsConfigDict(
        env_prefix="LINESTOP_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    audit: AuditPolicy = AuditPolicy()
    checks: ChecksPolicy = ChecksPolicy()
    execution: ExecutionPolicy = ExecutionPolicy()
    guards: GuardsPolicy = GuardsPolicy()
    documentation: DocumentationPolicy = DocumentationPolicy()
    roles: RolesPolicy = RolesPolicy()
    sandbox: SandboxPolicy = SandboxPolicy()
    watch: WatchPolicy = WatchPolicy()
    budget: BudgetPolicy = BudgetPolicy()
    memory: MemoryPolicy = MemoryPolicy()
    engines: dict[str, EngineSettings] = Field(default_factory=dict, description="engines by name")
    endpoints: dict[str, Endpoint] = Field(default_factory=dict, description="where models are served, by name")
    mcp: dict[str, McpServer] = Field(default_factory=dict, description="servers of further tools, by name")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # their signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: environment, then the file given to `load_policy`, then defaults."""
        return (env_settings, init_settings)


def load_policy(layout: Layout) -> Policy:
    """Return the policy of a repository.

    Raises:
        PolicyError: the file is no TOML, or a value is out of bounds; names the key and the value.
    """
    values = _file_values(layout.config)
    try:
        return Policy(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise PolicyError(
            f"the policy can't be used: {key}: {first['msg']}",
            found=f"{first.get('input')!r} in {layout.config} or the environment",
            todo=_mend(first),
        ) from error


def policy_hash(policy: Policy) -> str:
    """Return the SHA-256 of every value that holds: two runs of one hash were told the same."""
    return sha256_text(policy.model_dump_json())


def _mend(problem: ErrorDetails) -> str:
    if problem["type"] != "extra_forbidden":
        return "correct it; docs/policy.md describes each value, `linestop doctor` shows what holds"
    section = Policy.model_fields.get(str(problem["loc"][0]))
    inner = section.annotation if section and len(problem["loc"]) > 1 else Policy
    known = inner.model_fields if isinstance(inner, type) and issubclass(inner, BaseModel) else Policy.model_fields
    return f"remove it, or use one of: {', '.join(known)}"


def _file_values(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyError(f"{path} can't be read", found=str(error), todo="correct the file or remove it") from error


def origins(layout: Layout) -> dict[str, tuple[Any, str]]:
    """Return every value of a repository's policy as `section.key` with where it came from: environment, file, default.

    Raises:
        PolicyError: as `load_policy`.
    """
    policy, written = load_policy(layout), _file_values(layout.config)
    found: dict[str, tuple[Any, str]] = {}
    for section in Policy.model_fields:
        for key, value in _entries(getattr(policy, section)):
            variable = f"LINESTOP_{section}__{key}".upper()
            if name := _variable(variable):
                origin = f"environment {name}"
            else:
                origin = str(layout.config) if key in written.get(section, {}) else "default"
            found[f"{section}.{key}"] = (value, origin)
    return found


def _entries(section: Any) -> Iterable[tuple[str, Any]]:
    """Return the values of a section, or the tables of one that holds tables by name."""
    return section.items() if isinstance(section, dict) else section


def _variable(name: str) -> str | None:
    """Return the environment variable that sets a value, whatever its case and what hangs on it."""
    return next((one for one in os.environ if one.upper() == name or one.upper().startswith(f"{name}__")), None)
