"""Files in play: what a ticket and its chunk name, in words and scope. Never from a diff that is still empty."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property
from glob import escape

from linestop.plans import Chunk, Plan

MOST = 500  # of each kind: a scope may hold thousands
MOST_MATCHES = 1_000_000  # of a glob and a file: a second at the very worst
_MAX_TEXT = 40_000  # characters looked at of each text
_MAX_PATH = 400
_GLOB = re.compile(r"[*?]|\[[^]]+\]")
_GLOB_CHAR = re.compile(r"[*?\[]")
_ESCAPED = re.compile(r"\[([*?\[])\]")
_QUOTED = re.compile(r"`([^`\n]{1,400})`")
# Words that look like paths: with a slash, or with an ending that begins with a letter; `e.g.` and `1.5` are none.
# What begins behind a slash, a dot or a colon is the rest of something else: an address, or a place outside.
_WORD = re.compile(
    r"(?<![\w./~:@+-])(?:\./)?"
    r"(?:[\w.@+-]*[\w@+-](?:/[\w.@+*?-]+)+|[\w@+-][\w.@+-]*\.[A-Za-z]\w{0,9}\b(?!/))"
)
_NAME = re.compile(r"[\w.-]{3,80}")


@dataclass(frozen=True)
class InPlay:
    """What is in play. `paths` come as they were named; a glob or a name stands for files that it fits."""

    paths: tuple[str, ...]
    globs: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    _known: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def covers(self, file: str) -> bool:
        """Whether a file of the repository is in play; `file` is its path from the root."""
        if not file:
            return False
        if file not in self._known:
            self._known[file] = file in self._exact or self._fits(file)
        return self._known[file]

    def among(self, files: Iterable[str]) -> tuple[str, ...]:
        """Return what is in play as files: those named, then those of `files` that a glob or a name fits."""
        return tuple(dict.fromkeys([*self.paths, *_first(self._among(files), MOST)]))[:MOST]

    @cached_property
    def _exact(self) -> frozenset[str]:
        return frozenset(self.paths)

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        return re.compile("|".join(map(_translated, self.globs))) if self.globs else None

    @cached_property
    def _folders(self) -> tuple[str, ...]:
        return tuple(f"{path}/" for path in self.paths)

    @cached_property
    def _beginnings(self) -> tuple[str, ...]:
        return tuple(_GLOB_CHAR.split(glob, maxsplit=1)[0] for glob in self.globs)

    def _among(self, files: Iterable[str]) -> Iterator[str]:
        """Yield the files that fit. A plan may hold globs that take long: so many files only are held against them."""
        left = MOST_MATCHES // max(len(self.globs), 1)
        for file in files:
            if file in self._exact:
                continue
            if self._near(file):
                yield file
            elif left > 0 and self._pattern and file.startswith(self._beginnings):
                left -= 1
                if self._pattern.match(file):
                    yield file

    def _fits(self, file: str) -> bool:
        return self._near(file) or bool(self._pattern and self._pattern.match(file))

    def _near(self, file: str) -> bool:
        """Whether a file lies in a folder that is named, or is called like a name in backticks."""
        if file.startswith(self._folders):
            return True
        name = file.rpartition("/")[2]
        return bool(self.names) and (name in self.names or name.partition(".")[0] in self.names)


def in_play(plan: Plan, chunk: Chunk) -> InPlay:
    """Return what a chunk and its plan name: the chunk's paths first, then scope, then words of their texts."""
    texts = (chunk.title, chunk.text, plan.title, plan.purpose, plan.notes)
    words = [_place(word) for text in texts for word in _words(text[:_MAX_TEXT])]
    exact = [*chunk.paths, *filter(None, map(_quoted, plan.scope))]
    fit = [place for place in dict.fromkeys((*(one for one in plan.scope if not _quoted(one)), *words)) if place]
    quoted = (word for text in texts for word in _QUOTED.findall(text[:_MAX_TEXT]))
    return InPlay(
        paths=tuple(_first(dict.fromkeys((*exact, *(place for place in fit if not _is_glob(place)))), MOST)),
        globs=tuple(_first((place for place in fit if _is_glob(place)), MOST)),
        names=frozenset(_first((name for word in quoted for name in _names(word)), MOST)),
    )


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text that look like paths, in backticks or without."""
    for word in _QUOTED.findall(text):
        if "/" in word and " " not in word:
            yield word
    yield from _WORD.findall(text)


def _names(quoted: str) -> Iterator[str]:
    """Yield what a name in backticks may stand for: `cart.Cart.total()` for the files called cart, Cart or total."""
    word = quoted.partition("(")[0].strip()
    if _NAME.fullmatch(word) and "/" not in word:
        yield word
        yield from (part for part in word.split(".") if len(part) > 2)  # noqa: PLR2004  # `a`, `os`, `py` fit too much


def _place(word: str) -> str:
    """Return a word as a path from the repository's root, empty where it can't be one."""
    path = word.strip().removeprefix("./").rstrip("/.,:;")
    path = re.sub(r":\d+(?::\d+)?$", "", path)
    outside = path.startswith(("/", "~")) or ".." in path.split("/") or "://" in word or "\0" in path
    return "" if outside or not path or len(path) > _MAX_PATH else path


def _quoted(scope: str) -> str:
    """Return the path that a plan quoted as a glob (`linestop.audit.globs.literal`), empty where a scope is none."""
    path = _ESCAPED.sub(r"\1", scope)
    return path if path != scope and escape(path) == scope else ""


def _is_glob(place: str) -> bool:
    return bool(_GLOB.search(place))


def _translated(glob: str) -> str:
    """Return a glob as a pattern that fits what `linestop.audit.globs.matches` does, in one go for many of them."""
    return f"{translate(glob)}|{translate(glob.rstrip('/') + '/*')}"


def _first(items: Iterable[str], most: int) -> Iterator[str]:
    for _, item in zip(range(most), items, strict=False):
        yield item
