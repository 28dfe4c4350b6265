"""The notebook: `<state>/lab/<date>-<slug>-<id>.json`, one file an experiment, and beside it the page that people read.

An entry is written when it begins and after each pair: a kill leaves all that was found out until then.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from linestop.errors import RecordError, UsageError
from linestop.events.redaction import redacted, redactor
from linestop.files import read_whole, write_whole
from linestop.lab.entry import ENTRY_ID, Entry, EntryState
from linestop.lab.page import page
from linestop.paths import Layout
from linestop.records import is_alive
from linestop.text import plain

MOST_BYTES = 64 * 2**20
_ID = re.compile(ENTRY_ID)
_SHOWN = 8


class Notebook:
    """The entries of one repository, or of the experiment whose repository it is."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def save(self, entry: Entry) -> Path:
        """Write an entry and its page, each whole or not at all; return the page's path.

        Raises:
            RecordError: the disk refused.
            RepositoryError: a link stands where state is kept.
        """
        folder = self.layout.ensure().lab
        value = redactor().value(entry.model_dump(mode="json", by_alias=True))
        try:
            folder.mkdir(exist_ok=True)
            write_whole(folder / f"{entry.id}.json", f"{json.dumps(value, indent=2)}\n".encode())
            write_whole(folder / f"{entry.id}.md", redacted(page(entry)).encode("utf-8", "replace"))
        except OSError as error:
            raise RecordError(
                f"the notebook's entry {entry.id} can't be written", found=str(error), todo=f"mend {folder}"
            ) from error
        return folder / f"{entry.id}.md"

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries that can be read, oldest first."""
        found = (self._read(path) for path in self._files())
        return tuple(sorted((entry for entry in found if entry), key=lambda entry: entry.started))

    def unreadable(self) -> tuple[Path, ...]:
        """Return the files of entries that can't be read: torn, or of a later version."""
        return tuple(path for path in self._files() if self._read(path) is None)

    def _files(self) -> Iterator[Path]:
        folder = self.layout.lab
        if folder.is_symlink() or folder.parent.is_symlink() or not folder.is_dir():
            return
        for path in sorted(folder.glob("*.json")):
            if _ID.fullmatch(path.stem) and path.is_file() and not path.is_symlink():
                yield path

    def _read(self, path: Path) -> Entry | None:
        try:
            entry = Entry.model_validate_json(read_whole(path, most=MOST_BYTES))
        except (OSError, ValidationError):
            return None
        if entry.id != path.stem:
            return None
        if entry.state is EntryState.RUNNING and not is_alive(entry.holder):
            return entry.changed(state=EntryState.BROKEN_OFF, reason="its process was killed")
        return entry


def find_entry(notebooks: tuple[Notebook, ...], word: str) -> tuple[Notebook, Entry]:
    """Return the one entry that is meant by its id, its beginning or its end, or `latest`, and whose notebook it is in.

    Raises:
        UsageError: none or more than one is called so.
    """
    known = sorted(
        ((notebook, entry) for notebook in notebooks for entry in notebook.entries()),
        key=lambda pair: pair[1].started,
    )
    if word == "latest":
        found = known[-1:]
    else:
        whole = [pair for pair in known if pair[1].id == word]
        found = whole or [pair for pair in known if pair[1].id.startswith(word) or pair[1].id.endswith(word)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(pair[1].id for pair in (found or known)[-_SHOWN:][::-1]) or "the notebook is empty"
    raise UsageError(
        f"{plain(word)!r} means {len(found)} entries of the notebook" if found else f"no entry {plain(word)!r}",
        found=names,
        todo="`linestop lab notebook` lists them; `linestop lab ab on-topic` makes one",
    )


def is_entry(word: str) -> bool:
    """Return whether a word is an entry's whole id; a run's looks otherwise."""
    return bool(_ID.fullmatch(word))


def slug_of(words: str) -> str:
    """Return words as they may stand in an entry's id."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:40].strip("-") or "entry"
