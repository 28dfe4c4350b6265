"""Engines, as far as they are settings: what a person says about one. Their adapters are blocks."""

from linestop.engines.settings import (
    CommandSettings,
    Endpoint,
    EngineSettings,
    McpServer,
    ModelSettings,
    ScriptedSettings,
    StaticSettings,
    Wire,
)

__all__ = [
    "CommandSettings",
    "Endpoint",
    "EngineSettings",
    "McpServer",
    "ModelSettings",
    "ScriptedSettings",
    "StaticSettings",
    "Wire",
]
