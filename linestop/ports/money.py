"""The port to a price book: what models cost and how much they can hold."""

from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from linestop.events import Usage


class ModelFacts(BaseModel):
    """What is known of a model. None = unknown."""

    model_config = ConfigDict(frozen=True)

    window: int | None = Field(default=None, ge=1, description="tokens of context")
    priced: bool = False
    source: str = Field(default="", description="where it is known from")


class PriceBook(Protocol):
    """Knows prices and windows."""

    def facts(self, model: str, *, provider: str = "") -> ModelFacts:
        """Return what is known of a model, by its name as the provider calls it."""
        ...

    def usd(self, model: str, usage: Usage, *, provider: str = "") -> float | None:
        """Return what a usage costs, None where no price is known."""
        ...
