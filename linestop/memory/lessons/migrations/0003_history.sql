-- What a lesson said before. Kept by triggers: whatever changes a lesson, by hand as well, keeps its former text.
CREATE TABLE history (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    until TEXT NOT NULL,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    why TEXT NOT NULL,
    file TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    source TEXT NOT NULL,
    trust TEXT NOT NULL,
    runs TEXT NOT NULL,
    contradicts TEXT NOT NULL,
    superseded_by TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);

CREATE INDEX history_by_lesson ON history (id, number);

CREATE TRIGGER lessons_changed AFTER UPDATE ON lessons BEGIN
    INSERT INTO history (
        until, id, title, body, why, file, file_hash, roles, source, trust, runs, contradicts, superseded_by, created,
        updated
    ) VALUES (
        strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), old.id, old.title, old.body, old.why, old.file, old.file_hash, old.roles,
        old.source, old.trust, old.runs, old.contradicts, old.superseded_by, old.created, old.updated
    );
END;

CREATE TRIGGER lessons_removed AFTER DELETE ON lessons BEGIN
    INSERT INTO history (
        until, id, title, body, why, file, file_hash, roles, source, trust, runs, contradicts, superseded_by, created,
        updated
    ) VALUES (
        strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), old.id, old.title, old.body, old.why, old.file, old.file_hash, old.roles,
        old.source, old.trust, old.runs, old.contradicts, old.superseded_by, old.created, old.updated
    );
END;
