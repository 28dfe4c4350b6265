"""Changes: what a candidate commit does to each file, in bytes and modes. Reading them from git is a block's work."""

from dataclasses import dataclass

MAX_FILE_BYTES = 4 * 1024 * 1024  # a source file is far smaller; what is larger is judged by its hash alone
MAX_TOTAL_BYTES = 64 * 1024 * 1024  # of one side's files together, so that no diff can fill the memory

ABSENT = "000000"
REGULAR = "100644"
EXECUTABLE = "100755"
SYMLINK = "120000"
SUBMODULE = "160000"


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs between two commits; a rename is a deletion and an addition.

    `before` and `after` are the file's bytes (a symbolic link's target), None where there is no file on that side,
    where it is a submodule, or where it is `oversized`. Modes are git's six octal digits, `ABSENT` for no file. Ids
    are git's object ids: they differ where the content differs, whatever its size.
    """

    path: str
    before: bytes | None
    after: bytes | None
    before_mode: str
    after_mode: str
    before_id: str = ""
    after_id: str = ""
    oversized: bool = False

    @property
    def added(self) -> bool:
        """Whether the path is new."""
        return self.before_mode == ABSENT

    @property
    def deleted(self) -> bool:
        """Whether the path is gone."""
        return self.after_mode == ABSENT
