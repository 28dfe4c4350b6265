"""vLLM: /v1/models names the one model it was started with, its `max_model_len`, and nothing to load or unload."""

from typing import Any, ClassVar, Self

from linestop.blocks.local_servers.asking import Asking, listed, number, text
from linestop.errors import ToolError
from linestop.ports import LocalModel


class VllmServer:
    """A `LocalServer` whose models are loaded from its start to its end. What they take of memory it does not tell."""

    kind: ClassVar[str] = "vllm"

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.url = asking.root

    @classmethod
    def answers(cls: type[Self], asking: Asking) -> bool:
        """Return whether a vLLM answers."""
        found = asking.look("/v1/models")
        served = found.get("data") if isinstance(found, dict) else None
        return isinstance(served, list) and any(isinstance(one, dict) and _is_theirs(one) for one in served)

    def models(self) -> tuple[LocalModel, ...]:
        """Return all models, by name."""
        found = listed(self._asking.get("/v1/models"), "data", url=self.url)
        windows = {text(one.get("id")): number(one.get("max_model_len")) for one in found}
        windows.pop("", None)
        return tuple(
            LocalModel(name=name, loaded=True, window=windows[name], trained_window=windows[name])
            for name in sorted(windows)
        )

    def load(self, model: str, *, window: int | None = None) -> LocalModel:  # noqa: ARG002  # set where it is started
        """Return a model that is served."""
        if found := next((one for one in self.models() if one.name == model), None):
            return found
        raise ToolError(
            f"vllm at {self.url} does not serve the model {model!r}",
            found="it serves what it was started with",
            todo=f"vllm serve {model}",
        )

    def unload(self, model: str) -> None:
        """Raise ToolError: a model ends with its server."""
        raise ToolError(
            f"vllm at {self.url} can't unload the model {model!r}",
            found="it keeps what it was started with",
            todo="end the server to free its memory",
        )


def _is_theirs(row: dict[str, Any]) -> bool:
    return row.get("owned_by") == "vllm" or number(row.get("max_model_len")) is not None
