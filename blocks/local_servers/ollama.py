"""Ollama: /api/tags, /api/ps, /api/show, and /api/generate with keep_alive (github.com/ollama/ollama docs/api.md)."""

import re
from typing import Any, ClassVar, Self

from linestop.blocks.local_servers.asking import LOAD_SECONDS, Asking, listed, number, rows, text
from linestop.errors import ToolError
from linestop.ports import LocalModel

_KEEP_ALIVE = "30m"
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)\s*$", re.MULTILINE)


class OllamaServer:
    """A `LocalServer`. A model that isn't loaded tells its window only where its Modelfile sets `num_ctx`."""

    kind: ClassVar[str] = "ollama"

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.url = asking.root

    @classmethod
    def answers(cls: type[Self], asking: Asking) -> bool:
        """Return whether an Ollama answers."""
        found = asking.look("/api/version")
        return isinstance(found, dict) and bool(text(found.get("version")))

    def models(self) -> tuple[LocalModel, ...]:
        """Return all models, by name."""
        running = {text(one.get("name")): one for one in rows(self._asking.get("/api/ps"), "models")}
        known = listed(self._asking.get("/api/tags"), "models", url=self.url)
        names = {text(one.get("name")): one for one in known}
        names.pop("", None)
        return tuple(self._model(name, names[name], running.get(name)) for name in sorted(names))

    def _model(self, name: str, known: dict[str, Any], running: dict[str, Any] | None) -> LocalModel:
        shown = self._show(name)
        settings = _NUM_CTX.search(text(shown.get("parameters")))
        told = number(running.get("context_length")) if running else None
        return LocalModel(
            name=name,
            loaded=running is not None,
            size_bytes=number((running or known).get("size")),
            window=told or (number(settings[1]) if settings else None),
            trained_window=_trained(shown.get("model_info")),
        )

    def _show(self, name: str) -> dict[str, Any]:
        found = self._asking.post("/api/show", {"model": name})
        return found if isinstance(found, dict) else {}

    def load(self, model: str, *, window: int | None = None) -> LocalModel:
        """Load a model. `window` holds until another request without one loads it anew."""
        loaded = _named(self.models(), model)
        if loaded is None or not loaded.loaded:
            self._generate(model, _KEEP_ALIVE, {"num_ctx": window} if window else {})
            loaded = _named(self.models(), model)
        if loaded is None or not loaded.loaded:
            raise _unknown(self.url, model)
        return loaded

    def unload(self, model: str) -> None:
        """Take a model out of memory."""
        if any(text(one.get("name")) == model for one in rows(self._asking.get("/api/ps"), "models")):
            self._generate(model, 0, {})

    def _generate(self, model: str, keep_alive: str | int, options: dict[str, int]) -> None:
        body = {"model": model, "keep_alive": keep_alive, "stream": False, **({"options": options} if options else {})}
        self._asking.post("/api/generate", body, seconds=LOAD_SECONDS)


def _trained(info: Any) -> int | None:
    """Return the window a model was trained for; its key bears the architecture's name."""
    found = info.items() if isinstance(info, dict) else ()
    return next((number(value) for key, value in found if str(key).endswith(".context_length")), None)


def _named(models: tuple[LocalModel, ...], name: str) -> LocalModel | None:
    return next((one for one in models if one.name == name), None)


def _unknown(url: str, model: str) -> ToolError:
    return ToolError(
        f"ollama at {url} did not load the model {model!r}", found="it isn't among the loaded", todo="ollama pull it"
    )
