"""Folders put back as they were, so that a ticket can run many times from the same state."""

import shutil
from collections.abc import Sequence
from pathlib import Path


class Snapshot:
    """Copies of folders, kept beside them in `store`."""

    def __init__(self, folders: Sequence[Path], store: Path) -> None:
        self._copies = {folder: store / str(number) for number, folder in enumerate(folders)}
        for folder, copy in self._copies.items():
            shutil.rmtree(copy, ignore_errors=True)
            if folder.exists():
                shutil.copytree(folder, copy, symlinks=True)

    def restore(self) -> None:
        """Put every folder back as it was; one that wasn't there is removed."""
        for folder, copy in self._copies.items():
            shutil.rmtree(folder, ignore_errors=True)
            if copy.exists():
                shutil.copytree(copy, folder, symlinks=True)


def restore_with_objects(snapshot: Snapshot, repository: Path, store: Path) -> None:
    """Put the folders back but keep git's objects: commands of a finished run name commits that it made."""
    objects, kept = repository / ".git" / "objects", store / "objects"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(objects, kept)
    snapshot.restore()
    for source in kept.rglob("*"):
        target = objects / source.relative_to(kept)
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif not target.exists():
            shutil.copy2(source, target)
