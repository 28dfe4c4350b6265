"""The forms of engines in the UI: one Block a kind, read as `block:NAME` wherever an engine is named.

What each value means to an engine is linestop/engines/settings.py. No form holds a secret: an endpoint's key is the
NAME of an environment variable, in the policy.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, Literal

import httpx
from prefect.blocks.core import Block
from prefect.settings import PREFECT_API_URL
from pydantic import Field, TypeAdapter, ValidationError

from linestop.engines import EngineSettings
from linestop.errors import PolicyError, ServerError

PREFIX = "block:"
_SETTINGS: TypeAdapter[EngineSettings] = TypeAdapter(EngineSettings)


class EngineBlock(Block):
    """What the forms have in common: each becomes the settings of its kind."""

    kind_: ClassVar[str] = ""

    def settings(self) -> EngineSettings:
        """Return the form as settings.

        Raises:
            PolicyError: a value doesn't fit; names it.
        """
        values: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        try:
            return _SETTINGS.validate_python({"kind": self.kind_, **values})
        except ValidationError as error:
            first = error.errors()[0]
            raise PolicyError(
                f"the block {self._block_document_name or self.kind_} can't be used",
                found=f"{first['loc'][-1]}: {first['msg']}",
                todo="correct it in the UI, under Blocks",
            ) from error


class StaticEngineBlock(EngineBlock):
    """Machine fixes of static analysis. No model, no key, nothing to set."""

    _block_type_name = "Linestop Engine: static analysis"
    _block_type_slug = "linestop-static-engine"
    _description = "Fixes what static analysis can fix by itself. No model, no key, no network; nothing to set."
    kind_ = "static"


class CommandEngineBlock(EngineBlock):
    """An agent's own command line, in a sandbox."""

    _block_type_name = "Linestop Engine: agent command line"
    _block_type_slug = "linestop-command-engine"
    _description = "An agent's own command line, such as Claude Code or Codex, run in a sandbox with a brief."
    kind_ = "command"

    preset: Literal["", "claude", "codex", "opencode", "gemini", "qwen", "cline", "pi", "aider", "mini"] = Field(
        default="", title="Agent", description="A known command line. Empty: the command below."
    )
    model: str = Field(default="", title="Model", description="As the agent calls it. Empty: the agent's own default.")
    endpoint: str = Field(
        default="",
        title="Endpoint",
        description="Name of an endpoint of the policy ([endpoints.NAME]), where its model is served and which "
        "environment variable holds the key. Empty: the agent's own.",
    )
    turns: int | None = Field(default=None, ge=1, title="Turns", description="Model calls at most. Empty: no cap.")
    window: int | None = Field(
        default=None, ge=1024, title="Window", description="Tokens of context. Empty: as the price book says."
    )
    program: str = Field(
        default="", title="Program", description="Path of the command on the worker, where it isn't on PATH."
    )
    argv: list[str] = Field(
        default_factory=list,
        title="Command",
        description="Without an agent above: the words of the command, one each; {prompt_file} and {model} are put in.",
    )
    prompt: Literal["stdin", "file"] = Field(
        default="stdin", title="Brief by", description="Without an agent above: how the command is told its brief."
    )
    env: dict[str, str] = Field(
        default_factory=dict,
        title="Environment",
        description="More variables of the command. No secrets: all see them.",
    )
    mounts: list[str] = Field(
        default_factory=list, title="Folders", description="More folders of the worker that it may read."
    )


class ModelEngineBlock(EngineBlock):
    """linestop's own agent loop on a model."""

    _block_type_name = "Linestop Engine: model"
    _block_type_slug = "linestop-model-engine"
    _description = "linestop's own agent on any OpenAI-compatible, Anthropic or local endpoint of the policy."
    kind_ = "model"

    model: str = Field(min_length=1, title="Model", description="As its provider calls it.")
    endpoint: str = Field(
        min_length=1,
        title="Endpoint",
        description="Name of an endpoint of the policy ([endpoints.NAME]): its URL, its wire, and the NAME of the "
        "environment variable that holds its key.",
    )
    turns: int = Field(default=100, ge=1, title="Turns", description="Model calls at most.")
    window: int | None = Field(
        default=None, ge=1024, title="Window", description="Tokens of context. Empty: as the price book or server says."
    )
    max_output_tokens: int = Field(default=8192, ge=16, title="Answer", description="Tokens of one answer at most.")
    temperature: float | None = Field(
        default=None, ge=0, le=2, title="Temperature", description="0 to 2. Empty: the provider's default."
    )
    mcp: list[str] = Field(
        default_factory=list, title="Tool servers", description="Names of MCP servers of the policy ([mcp.NAME])."
    )


class ScriptedEngineBlock(EngineBlock):
    """Plays a scenario file, with real effects in the workspace."""

    _block_type_name = "Linestop Engine: scenario"
    _block_type_slug = "linestop-scripted-engine"
    _description = "Plays a scenario file turn by turn, with real effects in a real workspace. For trials: no model."
    kind_ = "scripted"

    scenario: Path = Field(title="Scenario", description="Path of a scenario file (YAML) on the worker.")


ENGINE_BLOCKS: tuple[type[EngineBlock], ...] = (
    StaticEngineBlock, CommandEngineBlock, ModelEngineBlock, ScriptedEngineBlock,
)  # fmt: skip


async def register_engine_blocks() -> None:
    """Make the forms known to the server; again changes nothing."""
    for form in ENGINE_BLOCKS:
        await form.register_type_and_schema()


async def engine_settings(name: str) -> EngineSettings:
    """Return the settings of an engine's Block, named `block:NAME`, or `block:SLUG/NAME` where two are called so.

    Raises:
        PolicyError: there is no such Block, more than one, or a value of it doesn't fit.
        ServerError: there is no server to ask.
    """
    slug, _, short = name.removeprefix(PREFIX).rpartition("/")
    if PREFECT_API_URL.value() is None:  # Prefect would start a server of its own, in this process, for 10 s
        raise ServerError(f"{name} can't be read", found="no Prefect server is known", todo="linestop up")
    forms = [form for form in ENGINE_BLOCKS if slug in ("", form.get_block_type_slug())]
    try:
        found = [block for form in forms if (block := await _loaded(form, short))]
    except httpx.HTTPError as error:
        raise ServerError(
            f"{name} can't be read", found=f"{type(error).__name__}: {error}", todo="linestop up"
        ) from error
    if len(found) == 1:
        return found[0].settings()
    known = ", ".join(f"{PREFIX}{block.get_block_type_slug()}/{short}" for block in found)
    raise PolicyError(
        f"there is no engine {name!r}" if not found else f"{name!r} means {len(found)} engines",
        found=known or "no Block of an engine has that name",
        todo="name one of them" if found else "make it in the UI, under Blocks, or name another engine",
    )


def engine_settings_now(name: str) -> EngineSettings:
    """Return the same, for callers that are not async, whatever loop their thread runs.

    Raises:
        PolicyError, ServerError: as `engine_settings`.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, engine_settings(name)).result()


async def _loaded(form: type[EngineBlock], name: str) -> EngineBlock | None:
    try:
        block: EngineBlock = await form.aload(name)
    except ValidationError as error:
        first = error.errors()[0]
        raise PolicyError(
            f"the block {name} can't be used", found=f"{first['loc'][-1]}: {first['msg']}", todo="correct it in the UI"
        ) from error
    except ValueError:  # how Prefect says that there is none
        return None
    return block
