"""The port to a model server on this machine: which models it has, what is in memory, how much each holds."""

from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field


class LocalModel(BaseModel):
    """A model of a local server. `size_bytes` is what it takes, or will take, of memory; None = not told."""

    model_config = ConfigDict(frozen=True)

    name: str
    loaded: bool = False
    size_bytes: int | None = Field(default=None, ge=0)
    window: int | None = Field(default=None, ge=1, description="tokens, as it is loaded or would be; None = not told")
    trained_window: int | None = Field(default=None, ge=1, description="tokens it was trained for: the most it can get")


class LocalServer(Protocol):
    """Serves models from this machine's memory.

    Every method raises InfraError where the server is dead or too slow, and ToolError where it answers what is no
    answer, or refuses.
    """

    @property
    def kind(self) -> str:
        """Return which server it is, in one word."""
        ...

    @property
    def url(self) -> str:
        """Return the server's root."""
        ...

    def models(self) -> tuple[LocalModel, ...]:
        """Return all models the server has, loaded or not, by name."""
        ...

    def load(self, model: str, *, window: int | None = None) -> LocalModel:
        """Bring a model into memory and return it as it is loaded; one that is loaded stays as it is.

        `window` is a wish: a server that takes it from its own settings alone leaves it.

        Raises:
            ToolError: there is no such model, or this server can't load one on demand.
        """
        ...

    def unload(self, model: str) -> None:
        """Take a model out of memory; one that isn't loaded stays so.

        Raises:
            ToolError: this server can't.
        """
        ...
