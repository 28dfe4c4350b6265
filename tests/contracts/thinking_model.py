"""A model that thinks a little: takes `import os` out of the files a brief names, over the wire of OpenAI's chat.

For the contract of engines that ask a model. What a scenario can't say, it does: it looks at what its calls came to.
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from linestop.scenarios.casting import cast_of_brief

Call = tuple[str, dict[str, Any]]


@contextmanager
def thinking_model() -> Iterator[str]:
    """Yield the URL of a model."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def next_calls(messages: Sequence[Mapping[str, Any]]) -> list[Call]:
    """Return what the model calls next, from what it was told and what its calls came to."""
    brief = next(str(one["content"]) for one in messages if one["role"] == "user")
    results = [str(one["content"]) for one in messages if one["role"] == "tool"]
    cast = cast_of_brief(brief)
    if cast.source != "ruff":
        why = f"{cast.source} is nothing for me"
        return [("finish", {"summary": "Nothing was changed.", "could_not": [why]})]
    if not results:
        return [("edit", {"path": path, "old": "import os\n", "new": ""}) for path in cast.paths]
    edits, more = results[: len(cast.paths)], results[len(cast.paths) :]
    done = [path for path, result in zip(cast.paths, edits, strict=True) if "was edited" in result]
    failed = [f"{path}: {result}" for path, result in zip(cast.paths, edits, strict=True) if path not in done]
    if "## Corrections" in brief and done and not more:
        return [("check", {})]
    if more and more[0].startswith("red"):
        back = " && ".join(f"sed -i '1i import os' {path}" for path in done)
        why = "F401 breaks the checks"
        finish = {"summary": f"Nothing was changed: {why}.", "could_not": [why, *failed]}
        return [("shell", {"command": back}), ("finish", finish)]
    return [("finish", {"summary": f"Takes an unused import out of {len(done)} files.", "could_not": failed})]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        called = [
            {"index": index, "id": f"call-{len(asked['messages'])}-{index}", "type": "function"}
            | {"function": {"name": name, "arguments": json.dumps(args)}}
            for index, (name, args) in enumerate(next_calls(asked["messages"]))
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self._chunk([{"index": 0, "delta": {"role": "assistant", "tool_calls": called}, "finish_reason": None}])
        self._chunk([{"index": 0, "delta": {}, "finish_reason": "tool_calls"}])
        self._chunk([], usage={"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110})
        self.wfile.write(b"data: [DONE]\n\n")

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> None:
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": choices, **more}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""
