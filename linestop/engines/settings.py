"""What a person says about an engine, in the policy or in a block's form."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wire(StrEnum):
    """The format that a model's endpoint speaks."""

    OPENAI_CHAT = "openai-chat"
    OPENAI_RESPONSES = "openai-responses"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"


class Endpoint(_Settings):
    """Where a model is served. The key is read from the environment of linestop and never enters a sandbox."""

    url: str = Field(pattern=r"^https?://[^\s]+$", description="base, for example https://api.openai.com/v1")
    wire: Wire = Wire.OPENAI_CHAT
    key: str = Field(default="", description="NAME of the environment variable that holds the key; empty: none needed")
    provider: str = Field(default="", description="as the price book calls it; empty: guessed from the URL")
    memory_gb: float | None = Field(
        default=None,
        gt=0,
        description="what a local server's models may take together; others leave for it",
    )


class McpServer(_Settings):
    """A server of further tools: a command that speaks over stdio, run in the sandbox, or a URL."""

    command: tuple[str, ...] = ()
    url: str = ""
    env: dict[str, str] = Field(default_factory=dict)


class StaticSettings(_Settings):
    """Static analysis that fixes what it finds; no model."""

    kind: Literal["static"] = "static"


class CommandSettings(_Settings):
    """An agent's own command line."""

    kind: Literal["command"] = "command"
    preset: str = Field(default="", description="claude, codex, opencode, gemini, qwen, cline, pi, aider, mini")
    argv: tuple[str, ...] = Field(default=(), description="without a preset: the command, with {prompt_file}, {model}")
    prompt: Literal["stdin", "file"] = Field(default="stdin", description="without a preset: how it is told its brief")
    program: str = Field(default="", description="path of the command, where it isn't on PATH")
    model: str = ""
    window: int | None = Field(default=None, ge=1024, description="tokens; None = the price book's, else the preset's")
    endpoint: str = Field(default="", description="name of an endpoint; empty: the preset's own")
    env: dict[str, str] = Field(default_factory=dict, description="more environment, no secrets")
    turns: int | None = Field(default=None, ge=1)
    mounts: tuple[Path, ...] = Field(default=(), description="more folders of the host it may read")


class ModelSettings(_Settings):
    """linestop's own agent loop on a model."""

    kind: Literal["model"] = "model"
    model: str = Field(min_length=1)
    endpoint: str = Field(min_length=1, description="name of an endpoint")
    window: int | None = Field(default=None, ge=1024, description="tokens; None = the price book's, else the server's")
    turns: int = Field(default=100, ge=1)
    max_output_tokens: int = Field(default=8192, ge=16)
    temperature: float | None = Field(default=None, ge=0, le=2)
    mcp: tuple[str, ...] = Field(default=(), description="names of MCP servers of the policy")


class ScriptedSettings(_Settings):
    """Plays a scenario file with real effects."""

    kind: Literal["scripted"] = "scripted"
    scenario: Path


EngineSettings = Annotated[
    StaticSettings | CommandSettings | ModelSettings | ScriptedSettings, Field(discriminator="kind")
]
