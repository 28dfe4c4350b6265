"""Claims: generated blocks in a page, each between two markers that name its source. Owns reading and merging.

    <!-- claim id=api src=src/shop/cart.py sha256=<64 hex> v=1 body=<16 hex> -->
    … generated markdown …
    <!-- /claim -->

Everything outside the markers belongs to people and is kept byte for byte. `body` is the hash of the text between the
markers as it was generated: where it differs, a person wrote inside, and the block is left alone until `--fix`.
"""

import hashlib
import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

VERSION = "1"  # of what the generator writes: another number makes every block stale
HANDS_OFF = "<!-- linestop: hands off -->"
NOTES = "## Notes\n\n<!-- Write below, or anywhere outside the claim markers: linestop keeps every byte of it. -->"
_OPEN = re.compile(r"^<!-- claim (?P<words>[^\r\n]*) -->\r?$")
_CLOSE = re.compile(r"^<!-- /claim -->\r?$")
_WORD = re.compile(r"([a-z0-9]+)=(\S+)")
END = "<!-- /claim -->"


def digest(text: str) -> str:
    """Return SHA-256 of a text, 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True)
class Claim:
    """A block as it should be. `src` is a path of the repository, or `derived:…` where many files make it."""

    id: str
    src: str
    body: str
    sha256: str

    @property
    def text(self) -> str:
        """The block with its markers, no newline at its end. No body can hold a marker of its own."""
        body = self.body.replace("<!-- claim", "&lt;!-- claim").replace("<!-- /claim", "&lt;!-- /claim")
        src = quote(self.src.encode("utf-8", "surrogateescape"), safe="/._~:")
        return (
            f"<!-- claim id={self.id} src={src} sha256={self.sha256} v={VERSION} body={digest(body)[:16]} -->\n"
            f"{body}\n{END}"
        )


def derived(claim_id: str, src: str, body: str) -> Claim:
    """Return a claim about many files: its hash is that of the stated facts, the body itself."""
    return Claim(claim_id, f"derived:{src}", body, digest(body))


@dataclass(frozen=True)
class Block:
    """A block as it stands in a page: `text` with markers, `body` without, line ends as they are."""

    text: str
    body: str
    words: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The claim's id, unique within its page."""
        return self.words.get("id", "")

    @property
    def src(self) -> str:
        """The source's path, or `derived:…`."""
        return unquote(self.words.get("src", ""), errors="surrogateescape")

    @property
    def sha256(self) -> str:
        """The source's hash when the block was written."""
        return self.words.get("sha256", "")

    @property
    def edited(self) -> bool:
        """Whether a person wrote inside it. A change of line ends alone is none."""
        return digest(self.body.replace("\r\n", "\n"))[:16] != self.words.get("body")

    def says(self, claim: Claim) -> bool:
        """Whether it already states a claim: same source, same hash, same version."""
        return (self.src, self.sha256, self.words.get("v")) == (claim.src, claim.sha256, VERSION)


Part = str | Block


def parse(text: str) -> list[Part]:
    """Return a page's parts in order; joined, their texts are the page again.

    A marker without its end, and one inside another block, count as a person's text: nothing is ever lost by it.
    """
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    parts: list[Part] = []
    start: int | None = None
    outside = 0
    for number, line in enumerate(lines):
        bare = line.removesuffix("\n")
        if _OPEN.match(bare):
            start = number
        elif start is not None and _CLOSE.match(bare):
            parts += ["".join(lines[outside:start]), _block(lines[start : number + 1])]
            start, outside = None, number + 1
    parts.append("".join(lines[outside:]))
    return [part for part in parts if part]


def _block(lines: list[str]) -> Block:
    opened = _OPEN.match(lines[0].removesuffix("\n"))
    words = dict(_WORD.findall(opened["words"])) if opened else {}
    body = "".join(lines[1:-1])
    return Block("".join(lines), body.removesuffix("\n").removesuffix("\r"), words)


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page."""
    return [part for part in parse(text) if isinstance(part, Block)]


def outside(text: str) -> str:
    """Return what people wrote in a page: all outside the blocks, without the invitation to write."""
    kept = "".join(part for part in parse(text) if isinstance(part, str)).replace("\r\n", "\n")
    return kept.replace(NOTES, "").strip()


def broken_markers(text: str) -> list[str]:
    """Return the lines outside every block that look like a marker."""
    return [line for part in parse(text) if isinstance(part, str) for line in part.splitlines() if _OPEN.match(line)]
