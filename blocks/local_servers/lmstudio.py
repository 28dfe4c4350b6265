"""LM Studio: /api/v1/models with load and unload (0.4 and newer), else /api/v0/models, which only lists.

It answers unknown paths with status 200 and an `error`: what an answer holds counts, not its status.
"""

from typing import Any, ClassVar, Self

from linestop.blocks.local_servers.asking import LOAD_SECONDS, Asking, listed, number, rows, text
from linestop.errors import ToolError
from linestop.ports import LocalModel

_V1, _V0 = "/api/v1/models", "/api/v0/models"


class LmStudioServer:
    """A `LocalServer`."""

    kind: ClassVar[str] = "lmstudio"

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.url = asking.root

    @classmethod
    def answers(cls: type[Self], asking: Asking) -> bool:
        """Return whether an LM Studio answers."""
        return _lists(asking.look(_V1), "models", "key") or _lists(asking.look(_V0), "data", "state")

    def models(self) -> tuple[LocalModel, ...]:
        """Return all models, by name."""
        return tuple(sorted((_model(one) for one in self._rows()), key=lambda one: one.name))

    def _rows(self) -> list[dict[str, Any]]:
        """Return the rows of the newer list, those of the older one in its form."""
        found = self._asking.look(_V1)
        if _lists(found, "models", "key"):
            return [one for one in rows(found, "models") if text(one.get("key"))]
        old = listed(self._asking.get(_V0), "data", url=self.url)
        return [_newer(one) for one in old if text(one.get("id"))]

    def load(self, model: str, *, window: int | None = None) -> LocalModel:
        """Load a model."""
        found = self._row(model)
        if not found.get("loaded_instances"):
            body = {"model": model, **({"context_length": window} if window else {})}
            answer = self._asking.post(f"{_V1}/load", body, seconds=LOAD_SECONDS)
            if not isinstance(answer, dict) or answer.get("status") != "loaded":
                raise self._refused("load", model, answer)
        return _model(self._row(model))

    def unload(self, model: str) -> None:
        """Take all instances of a model out of memory."""
        for one in rows(self._row(model), "loaded_instances"):
            answer = self._asking.post(f"{_V1}/unload", {"instance_id": text(one.get("id"))}, seconds=LOAD_SECONDS)
            if not isinstance(answer, dict) or not answer.get("instance_id"):
                raise self._refused("unload", model, answer)

    def _row(self, model: str) -> dict[str, Any]:
        if found := next((one for one in self._rows() if one["key"] == model), None):
            return found
        raise ToolError(f"lmstudio at {self.url} has no model {model!r}", found="not in its list", todo="lms get it")

    def _refused(self, what: str, model: str, answer: Any) -> ToolError:
        return ToolError(
            f"lmstudio at {self.url} did not {what} the model {model!r}",
            found=repr(answer)[:200],
            todo="use LM Studio 0.4 or newer, and look into its log",
        )


def _lists(answer: Any, name: str, mark: str) -> bool:
    """Return whether an answer holds a list of models, each with the field that is LM Studio's own."""
    found = answer.get(name) if isinstance(answer, dict) else None
    return isinstance(found, list) and all(isinstance(one, dict) and mark in one for one in found)


def _newer(row: dict[str, Any]) -> dict[str, Any]:
    loaded = [{"id": row["id"], "config": {"context_length": row.get("loaded_context_length")}}]
    return {
        "key": row["id"],
        "max_context_length": row.get("max_context_length"),
        "loaded_instances": loaded if row.get("state") == "loaded" else [],
    }


def _model(row: dict[str, Any]) -> LocalModel:
    instances = rows(row, "loaded_instances")
    configs = [one["config"] for one in instances if isinstance(one.get("config"), dict)]
    windows = [found for config in configs if (found := number(config.get("context_length")))]
    return LocalModel(
        name=row["key"],
        loaded=bool(instances),
        size_bytes=number(row.get("size_bytes")),
        window=min(windows, default=None),
        trained_window=number(row.get("max_context_length")),
    )
