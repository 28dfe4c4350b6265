"""llama.cpp's server: one model from its start on, or a router that loads them (tools/server/README.md there)."""

import threading
import time
from itertools import pairwise
from typing import Any, ClassVar, Self

from linestop.blocks.local_servers.asking import LOAD_SECONDS, Asking, listed, number, text
from linestop.errors import InfraError, ToolError
from linestop.ports import LocalModel

_POLL_SECONDS = 0.2
_IN_MEMORY = {"loaded", "sleeping"}


class LlamaCppServer:
    """A `LocalServer`. A router says of each model whether it is loaded; a server of one model always has it loaded."""

    kind: ClassVar[str] = "llamacpp"

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.url = asking.root
        self._pause = threading.Event()  # never set: a wait that a test or a signal could end

    @classmethod
    def answers(cls: type[Self], asking: Asking) -> bool:
        """Return whether a server of llama.cpp answers."""
        found = asking.look("/props")
        return isinstance(found, dict) and ("build_info" in found or "default_generation_settings" in found)

    def models(self) -> tuple[LocalModel, ...]:
        """Return all models, by name."""
        return tuple(sorted((self._model(one) for one in self._rows()), key=lambda one: one.name))

    def _rows(self) -> list[dict[str, Any]]:
        found = listed(self._asking.get("/v1/models"), "data", url=self.url)
        return [one for one in found if text(one.get("id"))]

    def _model(self, row: dict[str, Any]) -> LocalModel:
        loaded = _state(row) in _IN_MEMORY
        meta = row["meta"] if isinstance(row.get("meta"), dict) else {}
        window = number(meta.get("n_ctx")) or (self._window(row) if loaded else None) or _in_words(row)
        return LocalModel(
            name=row["id"],
            loaded=loaded,
            size_bytes=number(meta.get("size")),
            window=window,
            trained_window=number(meta.get("n_ctx_train")),
        )

    def _window(self, row: dict[str, Any]) -> int | None:
        query = {"model": row["id"], "autoload": "false"} if _routed(row) else {}
        props = self._asking.get("/props", **query)
        settings = props.get("default_generation_settings") if isinstance(props, dict) else None
        return number(settings.get("n_ctx")) if isinstance(settings, dict) else None

    def load(self, model: str, *, window: int | None = None) -> LocalModel:  # noqa: ARG002  # set where it is started
        """Load a model, and wait until it is ready."""
        row = self._row(model)
        if _state(row) not in _IN_MEMORY:
            self._told("load", model)
            row = self._settled(model)
        if _state(row) not in _IN_MEMORY:
            raise self._refused("load", model, row.get("status"))
        return self._model(row)

    def unload(self, model: str) -> None:
        """Take a model out of memory. Raises ToolError on a server of one model: it ends with its process."""
        row = self._row(model)
        if not _routed(row):
            raise self._refused("unload", model, "a server of one model")
        if _state(row) in _IN_MEMORY:
            self._told("unload", model)
            self._settled(model, gone=True)

    def _told(self, what: str, model: str) -> None:
        answer = self._asking.post(f"/models/{what}", {"model": model}, seconds=LOAD_SECONDS)
        if not isinstance(answer, dict) or answer.get("success") is not True:
            raise self._refused(what, model, answer)

    def _settled(self, model: str, *, gone: bool = False) -> dict[str, Any]:
        """Return a model's row once it is neither on its way in nor, with `gone`, still there."""
        until = time.monotonic() + LOAD_SECONDS
        while (state := _state(row := self._row(model))) == "loading" or (gone and state in _IN_MEMORY):
            if time.monotonic() > until:
                raise InfraError(
                    f"llama.cpp at {self.url} does not come to an end with {model!r}", found=state, todo="restart it"
                )
            self._pause.wait(_POLL_SECONDS)
        return row

    def _row(self, model: str) -> dict[str, Any]:
        if found := next((one for one in self._rows() if one["id"] == model), None):
            return found
        raise ToolError(f"llama.cpp at {self.url} has no model {model!r}", found="not in its list", todo="name another")

    def _refused(self, what: str, model: str, answer: Any) -> ToolError:
        return ToolError(
            f"llama.cpp at {self.url} did not {what} the model {model!r}",
            found=repr(answer)[:200],
            todo="start llama-server without a model, as a router, and look into its log",
        )


def _routed(row: dict[str, Any]) -> bool:
    return isinstance(row.get("status"), dict)


def _state(row: dict[str, Any]) -> str:
    return text(row["status"].get("value")) if _routed(row) else "loaded"


def _in_words(row: dict[str, Any]) -> int | None:
    """Return the window that a router will start a model with, as its arguments say."""
    words = row["status"].get("args") if _routed(row) else None
    words = words if isinstance(words, list) else []
    return next((number(value) for name, value in pairwise(words) if name in {"-c", "--ctx-size"}), None)
