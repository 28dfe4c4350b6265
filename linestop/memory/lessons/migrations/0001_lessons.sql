-- The lessons themselves, and the record of the migrations that made them. Lists are JSON, times ISO 8601 in UTC.
PRAGMA application_id = 1819504177;

CREATE TABLE migrations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    applied TEXT NOT NULL
);

CREATE TABLE lessons (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    why TEXT NOT NULL,
    file TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    source TEXT NOT NULL,
    trust TEXT NOT NULL,
    runs TEXT NOT NULL,
    superseded_by TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
