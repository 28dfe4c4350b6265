"""The endpoints that need no words in the policy, and what an endpoint's settings mean: its key, its provider.

Who reads keys: only linestop's own process. Whether a server answers is blocks/local_servers/servers.py's.
"""

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from linestop.engines.settings import Endpoint, Wire
from linestop.errors import ToolError
from linestop.events.redaction import hide_from_now_on

if TYPE_CHECKING:
    from linestop.policy import Policy

LOCAL = "local"  # the provider of a model on this machine: costs nothing

DEFAULTS: Mapping[str, Endpoint] = {
    "openai": Endpoint(url="https://api.openai.com/v1", key="OPENAI_API_KEY", provider="openai"),
    "anthropic": Endpoint(
        url="https://api.anthropic.com", wire=Wire.ANTHROPIC, key="ANTHROPIC_API_KEY", provider="anthropic"
    ),
    "gemini": Endpoint(
        url="https://generativelanguage.googleapis.com", wire=Wire.GEMINI, key="GEMINI_API_KEY", provider="google"
    ),
    "openrouter": Endpoint(url="https://openrouter.ai/api/v1", key="OPENROUTER_API_KEY", provider="openrouter"),
    "ollama": Endpoint(url="http://127.0.0.1:11434/v1", provider=LOCAL),
    "lmstudio": Endpoint(url="http://127.0.0.1:1234/v1", provider=LOCAL),
    "llamacpp": Endpoint(url="http://127.0.0.1:8080/v1", provider=LOCAL),
    "vllm": Endpoint(url="http://127.0.0.1:8000/v1", provider=LOCAL),
}


def endpoints_of(policy: "Policy") -> dict[str, Endpoint]:
    """Return every endpoint by name: the usual ones, and those of the policy, which win."""
    return {**DEFAULTS, **policy.endpoints}


def is_local(endpoint: Endpoint) -> bool:
    """Return whether an endpoint is on this machine: a loopback address or `localhost`."""
    host = (urlsplit(endpoint.url).hostname or "").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def provider_of(endpoint: Endpoint) -> str:
    """Return what the price book is asked for: the provider that is set, `local`, else the URL, to guess from."""
    return endpoint.provider or (LOCAL if is_local(endpoint) else endpoint.url)


def key_of(endpoint: Endpoint, environ: Mapping[str, str]) -> str:
    """Return an endpoint's key, empty where it needs none.

    Raises:
        ToolError: it needs one and the environment has none, or none that a request can carry.
    """
    if not endpoint.key:
        return ""
    if key := environ.get(endpoint.key, "").strip():
        hide_from_now_on(key)  # whatever its variable is called
        if key.isascii() and key.isprintable():
            return key
        raise ToolError(
            f"the key for the models at {endpoint.url} can't be sent",
            found=f"the environment variable {endpoint.key} holds a line's end, a typographic quote or the like",
            todo=f"set {endpoint.key} to the key alone, as the provider shows it",
        )
    raise ToolError(
        f"no key for the models at {endpoint.url}",
        found=f"the environment variable {endpoint.key} is not set",
        todo=f"set {endpoint.key}, or name another variable as `key` of the endpoint in .linestop/config.toml",
    )
