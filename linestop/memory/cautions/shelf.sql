-- The index of what a brief may be told, made from segments and Parquet; it can be removed at any time.
CREATE TABLE IF NOT EXISTS sources (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,   -- of a segment, or of a Parquet file
    inode INTEGER NOT NULL,
    bytes INTEGER NOT NULL,      -- that are on the shelf
    changed REAL NOT NULL,       -- epoch seconds, as the disk says
    head BLOB NOT NULL           -- the first of its bytes: a segment that took its place has others
);
CREATE TABLE IF NOT EXISTS notes (
    id TEXT PRIMARY KEY,
    file TEXT NOT NULL,
    calm INTEGER NOT NULL,       -- 1: it only informs
    moment INTEGER NOT NULL,     -- microseconds since the epoch
    said TEXT NOT NULL,          -- what two cautions have in common that say the same
    source INTEGER NOT NULL,
    body TEXT NOT NULL           -- the caution as JSON
);
CREATE INDEX IF NOT EXISTS notes_of_file ON notes (file, calm, moment DESC);
CREATE INDEX IF NOT EXISTS notes_by_time ON notes (moment);
CREATE INDEX IF NOT EXISTS notes_of_source ON notes (source);
CREATE TABLE IF NOT EXISTS files (
    name TEXT PRIMARY KEY,
    newest INTEGER NOT NULL,
    notes INTEGER NOT NULL       -- at most so many
) WITHOUT ROWID;
