"""What a request asks a provider to reach in the agent's stead: the web, other servers, what the account has stored.

The proxy is the only way out of a sandbox; a provider that searches, fetches a picture by its address or calls a
server of the agent's choice would be a second one. Where the policy opens the network, nothing of this is asked.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from linestop.engines import Wire

WATCHED = frozenset({
    "model", "tools", "background", "mcp_servers", "plugins", "web_search_options", "api_base", "base_url", "type",
    "service_tier", "speed",
    "image_url", "video_url", "audio_url", "file_url", "url", "source", "file", "fileData", "file_data", "fileUri",
    "file_uri",
})  # fmt: skip
_AT_THE_TOP = ("mcp_servers", "plugins", "web_search_options", "api_base", "base_url")  # the last two: LiteLLM's
_TOOLS = re.compile(
    r"web_?search|web_?fetch|mcp|code_?(?:interpreter|execution)|file_?search|url_?context|google|browser_?use|connector"
)
_MODELS = re.compile(r"search-preview|search-api|:online$|^(?:.*/)?sonar\b")
_GEMINI_TOOLS = frozenset({"functionDeclarations", "function_declarations", "computerUse", "computer_use"})
_TALKS = ("messages", "input", "contents", "system", "systemInstruction", "system_instruction")
_WITHIN = ("content", "parts", "output", "functionResponse", "function_response")
_PLACES = ("image_url", "video_url", "audio_url", "file_url", "source", "file", "fileData", "file_data")
_ADDRESSES = ("url", "file_data", "fileUri", "file_uri")
_AWAY = re.compile(r"[\x00-\x20]*(?:(?!data:)[a-z][a-z0-9+.-]*:|[/\\]{2})", re.IGNORECASE)
_SHOWN_CHARS = 60


def errand(asked: Mapping[str, Any], wire: Wire, model: str) -> str:
    """Return what a request would have its provider reach, as a reader of an error names it; empty where nothing."""
    if odd := next((name for name in asked if name not in WATCHED and name.lower() in WATCHED), ""):
        return f"what it calls {odd[:_SHOWN_CHARS]!r}"
    if _MODELS.search(model):
        return f"the web, by its model {model[:_SHOWN_CHARS]!r}"
    if named := next((name for name in _AT_THE_TOP if asked.get(name) not in (None, [])), ""):
        return f"what stands in `{named}`"
    if tool := next(_tools(asked, wire), ""):
        return f"the tool {tool[:_SHOWN_CHARS]!r} of its own"
    place = next((place for name in _TALKS for place in _places(asked.get(name))), "")
    return f"the address in an `{place}`" if place else ""


def _tools(asked: Mapping[str, Any], wire: Wire) -> Iterator[str]:
    """Yield the tools that a provider runs itself, also those that a conversation brings along later."""
    talk = asked.get("input")
    later = [one for one in talk if isinstance(one, dict)] if isinstance(talk, list) else []
    waiting = [holder.get("tools") for holder in (asked, *later)]
    while waiting:
        tool = waiting.pop()
        if isinstance(tool, list):
            waiting += tool
        elif isinstance(tool, dict):
            if wire is Wire.GEMINI:
                yield from (name for name in tool if name not in _GEMINI_TOOLS)
                continue
            waiting.append(tool.get("tools"))
            kind, place = str(tool.get("type", "")), tool.get("environment")
            if _TOOLS.search(kind.lower()) or (isinstance(place, dict) and "container" in str(place.get("type"))):
                yield kind


def _places(talk: Any) -> Iterator[str]:
    """Yield where the parts of a conversation name an address; what an agent's own calls hold is nobody's to fetch."""
    waiting = [talk]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += [part.get(name) for name in _WITHIN]
            yield from (name for name in _PLACES if _is_away(part.get(name)))


def _is_away(place: Any) -> bool:
    """Return whether a value, or what it holds, is an address and not the thing itself."""
    inner = [place.get(name) for name in _ADDRESSES] if isinstance(place, dict) else [place]
    return any(isinstance(one, str) and bool(_AWAY.match(one)) for one in inner)
