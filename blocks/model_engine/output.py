"""What a model is shown of an output: its head and its tail, in bounded memory, and as text that can be sent."""

from collections import deque

OMITTED = "\n[… {count} {unit} left out …]\n"


class HeadAndTail:
    """Takes chunks of bytes of any total length; keeps the first and the last `limit_bytes` / 2 of them."""

    def __init__(self, limit_bytes: int) -> None:
        self._half = max(1, limit_bytes // 2)
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self.total = 0

    def add(self, chunk: bytes) -> None:
        """Take the next chunk."""
        self.total += len(chunk)
        room = self._half - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        if not chunk:
            return
        self._tail.append(chunk[-self._half :])
        self._tail_bytes += len(self._tail[-1])
        while self._tail and self._tail_bytes - len(self._tail[0]) >= self._half:
            self._tail_bytes -= len(self._tail.popleft())

    def text(self) -> str:
        """Return what was kept, with a note of how much was left out between."""
        tail = b"".join(self._tail)[-self._half :]
        left_out = self.total - len(self._head) - len(tail)
        middle = OMITTED.format(count=left_out, unit="bytes") if left_out > 0 else ""
        return self._head.decode("utf-8", "replace") + middle + tail.decode("utf-8", "replace")


def capped(text: str, limit: int) -> str:
    """Return a text, or the head and tail of one of more than `limit` characters with a note of what is left out."""
    if len(text) <= limit:
        return text
    half = max(1, limit // 2)
    return text[:half] + OMITTED.format(count=len(text) - 2 * half, unit="characters") + text[-half:]


def sound(text: str) -> str:
    """Return a text that can be sent: halves of a character that met are one, a half without the other is none."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
