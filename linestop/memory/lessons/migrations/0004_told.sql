-- What a dispatch may be told is found without looking at all lessons: those of a file, and the newest.
CREATE INDEX lessons_told_of_file ON lessons (file, updated DESC, id) WHERE trust = 'person' AND superseded_by = '';

CREATE INDEX lessons_told ON lessons (updated DESC, id) WHERE trust = 'person' AND superseded_by = '';
