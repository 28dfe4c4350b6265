"""How much a model holds, and when a conversation nears that. Tokens are estimated from characters and real usage."""

from linestop.blocks.local_servers import servers as local_servers
from linestop.blocks.local_servers.asking import QUERY_SECONDS
from linestop.engines import Endpoint, ModelSettings
from linestop.engines.endpoints import provider_of
from linestop.ports import PriceBook

DEFAULT_WINDOW = 32_768  # tokens, where nobody knows better: as the budget of a brief (SPEC.md section 6)
_TOKENS_A_CHAR = 0.3  # before the first call; code has about 3.3 characters a token
_PLAUSIBLE = (0.2, 1.2)  # some servers count only what was not cached
_FULL, _AFTER = 0.85, 0.5  # of the room for the prompt: compacted from the first on, down to the second
_GLANCE_SECONDS = 1.0  # of each question
_OUTPUT_SHARE = 4  # an answer gets a quarter of the window at most


def window_of(settings: ModelSettings, endpoint: Endpoint, prices: PriceBook) -> tuple[int, str]:
    """Return the model's window in tokens, and where that is known from. A local model is loaded where that tells."""
    tokens, source = known_window(settings, endpoint, prices, load=True)
    return (tokens, source) if tokens else (DEFAULT_WINDOW, "the default, since nobody says")


def known_window(
    settings: ModelSettings, endpoint: Endpoint, prices: PriceBook, *, load: bool = False
) -> tuple[int | None, str]:
    """Return the model's window in tokens, None where nobody knows, and where it is known from.

    Without `load` nothing is loaded, and a local server is given a second to answer: for a brief's budget.
    """
    if settings.window:
        return settings.window, "the engine's settings"
    seconds = QUERY_SECONDS if load else _GLANCE_SECONDS
    if served := local_servers.window_of(endpoint, settings.model, seconds=seconds, load=load):
        return served, f"the server at {endpoint.url}"
    facts = prices.facts(settings.model, provider=provider_of(endpoint))
    return facts.window, facts.source or "the price book"


def tool_chars(tokens: int) -> int:
    """Return how much of one tool's output is shown: an eighth of a window of so many tokens, 12,000 at most."""
    return max(800, min(12_000, tokens // 2))


class Window:
    """The room of one model, and how far it is filled."""

    def __init__(self, tokens: int, *, max_output_tokens: int, fixed_chars: int) -> None:
        self.tokens = tokens
        self.max_output_tokens = min(max_output_tokens, max(16, tokens // _OUTPUT_SHARE))
        self._fixed_chars = fixed_chars  # of instructions and tools, sent with each call
        self._ratio = _TOKENS_A_CHAR
        self._refused: int | None = None  # characters that were too many for the provider

    def measured(self, chars: int, tokens: int) -> None:
        """Learn from a call that sent so many characters, and counted so many tokens."""
        if tokens and chars:
            self._ratio = min(_PLAUSIBLE[1], max(_PLAUSIBLE[0], tokens / (chars + self._fixed_chars)))

    def refused(self, chars: int) -> None:
        """Learn that the provider found so many characters too long: its window is smaller than was thought."""
        self._refused = chars if self._refused is None else min(chars, self._refused)

    def expected(self, chars: int) -> int:
        """Return about how many tokens a conversation of so many characters has, with instructions and tools."""
        return int((chars + self._fixed_chars) * self._ratio)

    def is_full(self, chars: int) -> bool:
        """Return whether a conversation of so many characters should be compacted before it is sent."""
        if self._refused is not None and chars > _FULL * self._refused:
            return True
        return self.expected(chars) > _FULL * self._room

    @property
    def target_chars(self) -> int:
        """Return how many characters a conversation should have after its compaction."""
        return max(1_000, int(_AFTER * self._room / self._ratio) - self._fixed_chars)

    @property
    def _room(self) -> int:
        return self.tokens - self.max_output_tokens
