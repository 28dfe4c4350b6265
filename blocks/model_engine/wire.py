"""Models of an endpoint as pydantic-ai speaks to them: OpenAI's chat and responses, Anthropic's messages.

Imported only where the model engine runs: pydantic-ai takes a second and more to load. Retries are
`model_engine_requests`'; the libraries' own are off, since they would wait without telling anybody.
"""

import re
from typing import TYPE_CHECKING, Any

import httpx2
from pydantic_ai.models import Model

from linestop.engines import Endpoint, ModelSettings, Wire
from linestop.errors import PolicyError

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.resources.chat.completions import AsyncCompletions

_CONNECT_SECONDS = 20.0
_OPENAI = re.compile(r"https://(?:[\w-]+\.)*(?:api\.openai\.com|openai\.azure\.com)(?:/|$)")
_NO_KEY = "none-needed"  # the libraries insist on one


def model_for(settings: ModelSettings, endpoint: Endpoint, key: str, client: httpx2.AsyncClient) -> Model:
    """Return the model of an endpoint, which speaks through `client`.

    Raises:
        PolicyError: the wire is one that the engine doesn't speak.
    """
    if endpoint.wire is Wire.ANTHROPIC:
        return _anthropic(settings.model, endpoint, key, client)
    if endpoint.wire in {Wire.OPENAI_CHAT, Wire.OPENAI_RESPONSES}:
        return _openai(settings.model, endpoint, key, client)
    raise PolicyError(
        "the model engine doesn't speak this wire",
        found=f"{endpoint.wire} at {endpoint.url}",
        todo="use wire openai-chat: Gemini serves it at https://generativelanguage.googleapis.com/v1beta/openai",
    )


def client_for(endpoint: Endpoint, idle_seconds: float) -> httpx2.AsyncClient:
    """Return the HTTP client of a dispatch: kept open, and following no redirect, which would carry the key along."""
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(idle_seconds, connect=min(_CONNECT_SECONDS, idle_seconds)),
        follow_redirects=False,
        verify=endpoint.url.startswith("https:"),  # without TLS there is nothing to verify, and loading it takes time
    )


def _openai(name: str, endpoint: Endpoint, key: str, client: httpx2.AsyncClient) -> Model:
    from openai import AsyncOpenAI  # noqa: PLC0415  # each wire loads only its own library: 0.5 to 2 s
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel  # noqa: PLC0415
    from pydantic_ai.profiles import merge_profile  # noqa: PLC0415
    from pydantic_ai.profiles.openai import OpenAIModelProfile  # noqa: PLC0415
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider  # noqa: PLC0415

    sdk = AsyncOpenAI(base_url=endpoint.url, api_key=key or _NO_KEY, http_client=client, max_retries=0)
    vars(sdk.chat)["completions"] = _quick(sdk)
    theirs = _OPENAI.match(endpoint.url)
    provider = OpenAIProvider(openai_client=sdk) if theirs else OpenAICompatibleProvider("endpoint", openai_client=sdk)
    if endpoint.wire is Wire.OPENAI_RESPONSES:
        return OpenAIResponsesModel(name, provider=provider)
    ours = OpenAIModelProfile(
        openai_chat_streaming_requires_finish_reason=True,  # without one the stream was cut
        openai_chat_supports_max_completion_tokens=bool(theirs),  # Ollama, LM Studio know only its older name
    )
    return OpenAIChatModel(name, provider=provider, profile=merge_profile(provider.model_profile(name), ours))


def _quick(sdk: "AsyncOpenAI") -> "AsyncCompletions":
    """Return the chat calls of a client, without a walk through the whole conversation before each.

    The library looks at every field of every message for names to translate, of which there are none: 10 ms of a step
    after 25 turns, and more with each. What comes as `extra_body` is sent as it is.
    """
    from openai.resources.chat.completions import AsyncCompletions  # noqa: PLC0415

    class Quick(AsyncCompletions):
        async def create(self, *, messages: Any, tools: Any = None, extra_body: Any = None, **asked: Any) -> Any:
            plain = {**(extra_body or {}), "messages": messages, **({"tools": tools} if tools else {})}
            return await super().create(messages=[], extra_body=plain, **asked)

    return Quick(sdk)


def _anthropic(name: str, endpoint: Endpoint, key: str, client: httpx2.AsyncClient) -> Model:
    from anthropic import AsyncAnthropic  # noqa: PLC0415
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

    base = endpoint.url.rstrip("/").removesuffix("/v1")  # the library appends /v1/messages
    sdk = AsyncAnthropic(base_url=base, api_key=key or _NO_KEY, http_client=client, max_retries=0)
    return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=sdk))
