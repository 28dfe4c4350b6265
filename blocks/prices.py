"""What models cost and hold, from the genai-prices library: the prices in its package, never its online updater.

A model on this machine costs nothing (docs/models.md says why, and how to say otherwise).
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from genai_prices import types
from genai_prices.data import providers
from genai_prices.data_snapshot import find_provider_by_id

from linestop.engines.endpoints import LOCAL
from linestop.events import Usage
from linestop.ports import ModelFacts

_MILLION = 1_000_000
_REMEMBERED = 256  # names; an agent may ask for any number of them
_Found = tuple[types.Provider, types.ModelInfo]


class GenaiPrices:
    """A `PriceBook`. `overrides` = dollars per million input and output tokens by model: they win over everything.

    `provider` is an id of the library (`openai`), `local`, or the URL of an endpoint to guess it from. With none the
    model's name alone decides. An endpoint that is unknown has no price, though a window may still be known by name.
    """

    def __init__(self, overrides: Mapping[str, tuple[float, float]] | None = None) -> None:
        self._overrides = dict(overrides or {})
        self._find = lru_cache(maxsize=_REMEMBERED)(self._lookup)

    def facts(self, model: str, *, provider: str = "") -> ModelFacts:
        """Return what is known of a model, by its name as the provider calls it."""
        found = self._find(model, provider)
        known = found or self._find(model, "") or self._find(model.rpartition("/")[2], "")
        window = known[1].context_window if known else None
        if model in self._overrides:
            return ModelFacts(window=window, priced=True, source="budget.prices")
        if provider == LOCAL:
            return ModelFacts(window=None, priced=True, source="on this machine, free")
        if not known:
            return ModelFacts()
        source = f"genai-prices: {known[0].id} {known[1].id}"
        return ModelFacts(window=window or None, priced=bool(found and _has_price(found[1])), source=source)

    def usd(self, model: str, usage: Usage, *, provider: str = "") -> float | None:
        """Return what a usage costs, None where no price is known."""
        if price := self._overrides.get(model):
            return (price[0] * usage.input + price[1] * usage.output) / _MILLION
        if provider == LOCAL:
            return 0.0
        found = self._find(model, provider)
        if not found or not _has_price(found[1]):
            return None
        return float(found[1].calc_price(_theirs(usage), found[0]).total_price)

    def _lookup(self, model: str, provider: str) -> _Found | None:
        if provider == LOCAL or not model:
            return None
        house = _house(model.lower(), provider)
        found = house.find_model(model.lower(), all_providers=providers) if house else None
        return (house, found) if house and found else None


def _house(model: str, provider: str) -> types.Provider | None:
    """Return the provider of an id or a URL, with neither that of a model's name.

    The library's own search remembers every name it ever missed, and agents may make up any number.
    """
    if "://" in provider:
        return next((one for one in providers if re.match(one.api_pattern, provider)), None)
    if provider:
        return find_provider_by_id(providers, provider)
    return next((one for one in providers if one.model_match is not None and one.model_match.is_match(model)), None)


def _theirs(usage: Usage) -> types.Usage:
    """Return a usage as the library wants it: cached tokens are a part of the input, never more than it."""
    read = min(usage.cache_read, usage.input)
    return types.Usage(
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=read,
        cache_write_tokens=min(usage.cache_write, usage.input - read),
    )


def _has_price(model: types.ModelInfo) -> bool:
    """Return whether the library says a price; a model it merely lists has none, one called free costs 0."""
    prices = model.prices if isinstance(model.prices, list) else [model.prices]
    rates = [one.prices if isinstance(one, types.ConditionalPrice) else one for one in prices]
    return model.id.endswith(":free") or any(rate.input_mtok is not None for rate in rates)
