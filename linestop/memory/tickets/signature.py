"""What makes two failures the same: SPEC.md section 6, exactly. A false split is cheap, a false merge is harmful.

Pure. What is counted by it, and that two files of one name aren't merged, is book.py; docs/decisions/102 says why.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable

from linestop.text import without_escapes

VERSION = "1"  # of these rules: signatures of another version are other failures
MAX_CHARS = 800  # of the normalised text, from its end
MIN_CHARS = 24  # of the normalised text; a shorter one says too little to be held against anybody
MAX_RAW_CHARS = 16_000  # that are looked at, from the end

_UUID = re.compile(r"(?<!\w)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?!\w)", re.IGNORECASE)
_TIMES = re.compile(
    r"(?<![\w.:])(?:"
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"  # 2026-11-21T06:48:00.5Z
    r"|\d{1,2}:\d\d:\d\d(?:[.,]\d+)?"  # 6:48:00
    r"|\d+m\d+(?:\.\d+)?s"  # 1m3.2s
    r"|\d+(?:\.\d+)?\s?(?:ns|us|μs|ms|s|secs?|seconds?|minutes?|hours?)"  # 0.12s
    r")(?![\w])"
)
# An address has many digits: `0xff` may be the value that an assertion is about, and stays. So does a long number.
_HEX = re.compile(
    r"(?<!\w)(?:0x[0-9a-f]{6,}|(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8,}|[0-9a-f]{16,})(?!\w)", re.IGNORECASE
)
# `1/2` is a number, and may be the value that an assertion is about.
_PATH = re.compile(r"(?<![\w.@+~/-])(?!\d+/\d+(?![\w./]))(?:[\w.@+~-]*/)+([\w.@+~-]+)")
_WINDOWS_PATH = re.compile(r"(?<!\w)(?:[A-Za-z]:|\\)\\(?:[\w.@+~ -]+\\)*([\w.@+~-]+)")
_LINES = re.compile(r"\b(lines?|col(?:umn)?)\s+\d+(?:\s*[-,]\s*\d+)*", re.IGNORECASE)
_PLACE = re.compile(r"""(?<![:"'])(?::\d+)+(?!\w)|(?<=\.ts|tsx|\.cs)\(\d+,\d+\)""")

_SUFFIXES = (
    "py pyi pyx js jsx mjs cjs ts tsx vue svelte go rs rb java kt kts scala c h cc cpp cxx hpp hh cs fs swift m mm php"
    " pl lua r jl ex exs erl hs ml sh bash zsh ps1 sql html css scss less json jsonl toml yaml yml ini cfg conf txt md"
    " rst xml csv lock proto tf ipynb env"
)
_ANCHORS: tuple[re.Pattern[str], ...] = (
    # an exception's name, a compiler's error code, a panic
    re.compile(r"\b[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Iteration|Expired)\b"),
    re.compile(r"\bError: \S|\berror(?:\[\w+\]| TS\d+)|\bpanic: \S|\bSegmentation fault\b|\bSIG[A-Z]{3,}\b"),
    # a file; Node.js is none
    re.compile(
        rf"(?<![\w.])(?!(?:Node|Vue|Next|React|Express)\.js\b)[\w-][\w.+-]*\.(?:{'|'.join(_SUFFIXES.split())})(?![\w/])",
        re.IGNORECASE,
    ),
    re.compile(r"(?<!\w)(?:Makefile|Dockerfile|Jenkinsfile|Gemfile|Rakefile|CMakeLists\.txt|go\.(?:mod|sum))(?!\w)"),
    # a test id: pytest, unittest, go, TAP, jest
    re.compile(r"\w::\w|\btest_\w+|\bTest[A-Z]\w+|--- FAIL: \S|\bnot ok \d+ - \S|[✕✖●] \S"),
    # an assertion
    re.compile(r"\bassert\b.{0,200}?(?:[=!<>]=| [<>] )|\bassert\w*(?:\.\w+)?\("),
    re.compile(r"\bexpected\b[^.]{1,160}?\b(?:got|received|actual|but (?:was|found))\b", re.IGNORECASE),
)


def signature(text: str, source: str) -> str:
    """Return the SHA-256 of a failure, 64 hex digits; empty where the text may not arm: too short, or no anchor.

    `source` says who judged it: failures of two sources are never the same. An anchor is an exception's name, a file,
    a test id or an assertion, within the part of the text that is compared.
    """
    shown = _without_volatile(text)[-MAX_CHARS:]
    words = shown.lower()[-MAX_CHARS:]
    if len(words) < MIN_CHARS or not any(anchor.search(shown) for anchor in _ANCHORS):
        return ""
    return hashlib.sha256(f"{VERSION}\n{source}\n{words}".encode("utf-8", "surrogatepass")).hexdigest()


def _without_volatile(text: str) -> str:
    text = without_escapes(unicodedata.normalize("NFKC", text[-MAX_RAW_CHARS:]))
    for pattern, put in _REPLACED:
        text = pattern.sub(put, text)
    return " ".join(text.split())


_REPLACED: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_WINDOWS_PATH, r"\1"),  # paths first: what is of the moment in a folder's name goes with it
    (_PATH, r"\1"),
    (_UUID, "<uuid>"),
    (_TIMES, "<time>"),
    (_HEX, "<hex>"),
    (_LINES, r"\1 <n>"),
    (_PLACE, ":<n>"),
)
