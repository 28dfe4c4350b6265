"""Fakes of local model servers, each with its real one's paths, field names and quirks, on a port of the loopback.

The forms are those of ollama 0.12 (docs/api.md), LM Studio 0.4 (its REST pages v1 and v0), llama.cpp b9992
(tools/server/README.md) and vLLM 0.11 (entrypoints/openai/protocol.py).
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

GIB = 2**30
SIZES = {"big:70b": 40 * GIB, "mid:14b": 9 * GIB, "small:3b": 2 * GIB}
TRAINED = 131_072
Answer = tuple[int, Any]


class Fake:
    """A server's state and its answers. `broken` takes the place of every answer; `hold` keeps it back."""

    kind = ""
    can_load = True
    knows_sizes = True

    def __init__(self, loaded: tuple[str, ...] = ("mid:14b",), window: int = 8_192) -> None:
        self.loaded = set(loaded)
        self.window = window
        self.asked: list[str] = []
        self.broken: bytes | None = None
        self.hold: threading.Event | None = None
        self.url = ""

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        raise NotImplementedError


class OllamaFake(Fake):
    kind = "ollama"

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        details = {"format": "gguf", "family": "llama", "parameter_size": "8B", "quantization_level": "Q4_K_M"}
        match method, path:
            case "GET", "/api/version":
                return 200, {"version": "0.12.6"}
            case "GET", "/api/tags":
                return 200, {
                    "models": [{"name": n, "model": n, "size": s, "details": details} for n, s in SIZES.items()]
                }
            case "GET", "/api/ps":
                return 200, {"models": [self._running(name) for name in sorted(self.loaded)]}
            case "POST", "/api/show" if body.get("model") in SIZES:
                own = 'num_ctx                        4096\nstop  "<|eot|>"' if body["model"] == "small:3b" else ""
                info = {"general.architecture": "llama", "llama.context_length": TRAINED}
                return 200, {"parameters": own, "model_info": info, "details": details}
            case "POST", "/api/generate" if body.get("model") in SIZES:
                unload = body.get("keep_alive") == 0
                (self.loaded.discard if unload else self.loaded.add)(body["model"])
                self.window = body.get("options", {}).get("num_ctx", self.window)
                return 200, {"model": body["model"], "done": True, "done_reason": "unload" if unload else "load"}
        return 404, {"error": f"model '{body.get('model')}' not found"}

    def _running(self, name: str) -> dict[str, Any]:
        sizes = {"size": SIZES[name], "size_vram": SIZES[name]}
        return {
            "name": name,
            "model": name,
            **sizes,
            "context_length": self.window,
            "expires_at": "2026-11-21T12:00:00Z",
        }


class LmStudioFake(Fake):
    kind = "lmstudio"

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        match method, path:
            case "GET", "/api/v1/models":
                return 200, {"models": [self._row(name) for name in SIZES]}
            case "POST", "/api/v1/models/load":
                if body.get("model") not in SIZES:
                    return 400, {"error": {"message": "Model not found", "type": "invalid_request"}}
                self.loaded.add(body["model"])
                self.window = body.get("context_length", self.window)
                return 200, {
                    "type": "llm",
                    "instance_id": f"{body['model']}:1",
                    "status": "loaded",
                    "load_time_seconds": 9,
                }
            case "POST", "/api/v1/models/unload":
                self.loaded.discard(body["instance_id"].removesuffix(":1"))
                return 200, {"instance_id": body["instance_id"]}
        return 200, {"error": f"Unexpected endpoint or method. ({method} {path})"}

    def _row(self, name: str) -> dict[str, Any]:
        loaded = [{"id": f"{name}:1", "config": {"context_length": self.window, "parallel": 4}}]
        return {
            "type": "llm",
            "publisher": "someone",
            "key": name,
            "size_bytes": SIZES[name],
            "loaded_instances": loaded if name in self.loaded else [],
            "max_context_length": TRAINED,
            "format": "gguf",
        }


class OldLmStudioFake(Fake):
    kind = "lmstudio"
    can_load = False
    knows_sizes = False

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        if (method, path) == ("GET", "/api/v0/models"):
            return 200, {"object": "list", "data": [self._row(name) for name in SIZES]}
        return 200, {"error": f"Unexpected endpoint or method. ({method} {path})"}

    def _row(self, name: str) -> dict[str, Any]:
        state = (
            {"state": "loaded", "loaded_context_length": self.window}
            if name in self.loaded
            else {"state": "not-loaded"}
        )
        return {"id": name, "object": "model", "type": "llm", "arch": "llama", "max_context_length": TRAINED, **state}


class LlamaRouterFake(Fake):
    """The router: loading takes a while, so a model is `loading` for two looks before it is `loaded`."""

    kind = "llamacpp"
    knows_sizes = False

    def __init__(self, loaded: tuple[str, ...] = ("mid:14b",), window: int = 8_192) -> None:
        super().__init__(loaded, window)
        self.loading: dict[str, int] = {}
        self.fails = False

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        match method, path:
            case "GET", "/props":
                if query.get("model"):
                    settings = {"n_ctx": self.window, "params": {"temperature": 0.8}}
                    return 200, {"default_generation_settings": settings, "total_slots": 1, "build_info": "b9992"}
                return 200, {"role": "router", "build_info": "b9992", "default_generation_settings": {"n_ctx": 0}}
            case "GET", "/v1/models" | "/models":
                return 200, {"object": "list", "data": [self._row(name) for name in SIZES]}
            case "POST", "/models/load":
                self.loading |= {body["model"]: 2} if body["model"] in SIZES else {}
                return 200, {"success": True}
            case "POST", "/models/unload":
                self.loaded.discard(body["model"])
                return 200, {"success": True}
        return 404, {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}

    def _row(self, name: str) -> dict[str, Any]:
        status: dict[str, Any] = {"value": "unloaded", "args": ["llama-server", "--ctx-size", str(self.window)]}
        if name in self.loading:
            self.loading[name] -= 1
            status["value"] = "loading"
            if not self.loading[name]:
                del self.loading[name]
                status |= {"value": "unloaded", "failed": True, "exit_code": 1} if self.fails else {"value": "loaded"}
                self.loaded |= set() if self.fails else {name}
        elif name in self.loaded:
            status["value"] = "loaded"
        return {"id": name, "object": "model", "owned_by": "llamacpp", "status": status, "aliases": []}


class LlamaSingleFake(Fake):
    kind = "llamacpp"
    can_load = False

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        match method, path:
            case "GET", "/props":
                return 200, {"default_generation_settings": {"n_ctx": self.window}, "build_info": "b9222"}
            case "GET", "/v1/models":
                meta = {"vocab_type": 2, "n_ctx_train": TRAINED, "n_params": 14_000_000_000, "size": SIZES["mid:14b"]}
                row = {"id": "mid:14b", "object": "model", "owned_by": "llamacpp", "meta": meta}
                return 200, {"models": [{"name": "mid:14b"}], "object": "list", "data": [row]}
        return 404, {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}


class VllmFake(Fake):
    kind = "vllm"
    can_load = False
    knows_sizes = False

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        match method, path:
            case "GET", "/version":
                return 200, {"version": "0.11.0"}
            case "GET", "/v1/models":
                row = {
                    "id": "mid:14b",
                    "object": "model",
                    "owned_by": "vllm",
                    "root": "mid",
                    "max_model_len": self.window,
                }
                return 200, {"object": "list", "data": [row]}
        return 404, {"detail": "Not Found"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hung up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        fake: Fake = self.server.fake  # type: ignore[attr-defined]
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        raw = self.rfile.read(int(self.headers.get("content-length", "0")))
        fake.asked.append(f"{self.command} {self.path}")
        status, answer = fake.answer(self.command, url.path, query, json.loads(raw or b"{}"))
        if fake.hold:
            fake.hold.wait(20)
        said = json.dumps(answer).encode() if fake.broken is None else fake.broken
        self.send_response(status if fake.broken is None else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # their signature
        """Say nothing."""


@contextmanager
def serving(fake: Fake) -> Iterator[Fake]:
    """Serve a fake on a free port; its `url` is set."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.fake = fake  # type: ignore[attr-defined]
        fake.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
