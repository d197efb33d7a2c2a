"""Tables of the index file, and what to do with a file of another version.

An index holds nothing that cannot be read again from the source files, so there are no migrations: a file of another
format is deleted and built anew. SQLite keeps the text of every statement, comments inside it included, and an index
whose statements differ from those below counts as damaged: change such a comment only together with the version.
"""

from __future__ import annotations

SCHEMA_VERSION = 8
"""Kept in `PRAGMA user_version`. Raise it with every change below or in what the columns mean."""

TOKENIZER = "porter unicode61 remove_diacritics 2"
"""How full-text search splits text into words and stems them, in the syntax of FTS5."""

SCHEMA = f"""
-- One row: the version of what made the units of this index (see `Store.made_by`).
CREATE TABLE IF NOT EXISTS maker (id INTEGER PRIMARY KEY CHECK (id = 1), fingerprint TEXT NOT NULL);
INSERT OR IGNORE INTO maker VALUES (1, '');

-- One row. `number` grows with every change to functions or vectors, so that copies can be compared with it.
CREATE TABLE IF NOT EXISTS generation (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL);
INSERT OR IGNORE INTO generation VALUES (1, 0);

CREATE TABLE IF NOT EXISTS files (
    id           INTEGER PRIMARY KEY,
    path         TEXT NOT NULL UNIQUE,
    language     TEXT NOT NULL,
    size         INTEGER NOT NULL,
    changed_ns   INTEGER NOT NULL,
    content_hash TEXT NOT NULL
);

-- Files that were looked at and left out. Their size and time save a second look.
CREATE TABLE IF NOT EXISTS skipped (
    path       TEXT PRIMARY KEY,
    reason     TEXT NOT NULL,
    size       INTEGER NOT NULL,
    changed_ns INTEGER NOT NULL
) WITHOUT ROWID;

-- AUTOINCREMENT: ids are never used twice, so that vectors in memory cannot be taken for another function's.
CREATE TABLE IF NOT EXISTS functions (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id        INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    qualified_name TEXT NOT NULL,
    kind           TEXT NOT NULL,
    language       TEXT NOT NULL,
    signature      TEXT NOT NULL,
    content        BLOB NOT NULL, -- documentation and text, compressed
    start_byte     INTEGER NOT NULL,
    end_byte       INTEGER NOT NULL,
    start_line     INTEGER NOT NULL,
    end_line       INTEGER NOT NULL,
    name_line      INTEGER NOT NULL, -- 0: not known
    name_start     INTEGER NOT NULL, -- in UTF-16 code units of that line
    name_end       INTEGER NOT NULL,
    guessed        INTEGER NOT NULL, -- whether layout says where it ends
    text_key       TEXT NOT NULL,
    checksum       INTEGER NOT NULL -- of path and columns: what a disk mangles must not pass for code
);
CREATE INDEX IF NOT EXISTS functions_by_file ON functions (file_id);
-- Text keys are hashes, so that a language's first ones are a fair sample of it.
CREATE INDEX IF NOT EXISTS functions_by_text ON functions (text_key, language);
CREATE INDEX IF NOT EXISTS functions_by_name ON functions (name COLLATE NOCASE);

-- Embedding spaces: vectors of one model at one exit can be compared, by their first `dim` features. `used` is the last
-- day on which an index with this exit was pruned (`Store.prune`), `complete` the last generation at which every
-- function had its vector here.
CREATE TABLE IF NOT EXISTS spaces (
    id       INTEGER PRIMARY KEY,
    model    TEXT NOT NULL,
    exit     INTEGER NOT NULL,
    dim      INTEGER NOT NULL,
    used     INTEGER,
    complete INTEGER,
    UNIQUE (model, exit)
);

-- Unit vectors as 16-bit floats, kept by the embedded text and not by its place: moved, copied and restored
-- functions find their vector again.
CREATE TABLE IF NOT EXISTS embeddings (
    space_id INTEGER NOT NULL REFERENCES spaces (id),
    text_key TEXT NOT NULL,
    vector   BLOB NOT NULL,
    PRIMARY KEY (space_id, text_key)
) WITHOUT ROWID;

-- Texts that have vectors and no function any more, with the day on which that was first seen (`Store.prune`).
CREATE TABLE IF NOT EXISTS unused (text_key TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;

-- Texts that stand for parts of long functions, by function; their vectors are among `embeddings`. Row 0, without a
-- text, says that the function was looked at.
CREATE TABLE IF NOT EXISTS windows (
    function_id INTEGER NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    text_key    TEXT NOT NULL,
    PRIMARY KEY (function_id, number)
) WITHOUT ROWID;

-- Sketches of functions, to find duplicates (`duplicates/sketch.py`); made when duplicates are first asked for. The
-- hashes in the blobs are little-endian, of 32 bits.
CREATE TABLE IF NOT EXISTS sketches (
    function_id INTEGER PRIMARY KEY REFERENCES functions (id) ON DELETE CASCADE,
    tokens      INTEGER NOT NULL,
    exact       INTEGER NOT NULL,
    renamed     INTEGER NOT NULL,
    grams       BLOB NOT NULL,
    names       BLOB NOT NULL
);

-- Words of each function, identifiers split. `rowid` is the function's id. Only the index of the words is kept: the
-- words are made again from `functions` to take a row out (`fulltext.delete`).
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    name, qualified_name, signature, documentation, body, path,
    content = '', tokenize = '{TOKENIZER}'
);

-- The commits of the workspace's repository that say something of functions here (`storage/history.py`).
CREATE TABLE IF NOT EXISTS history_commits (
    id      INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL,
    time    INTEGER NOT NULL, -- in seconds
    subject TEXT NOT NULL
);

-- Functions that commits changed, by path and name, so that a function that is parsed anew keeps its history.
CREATE TABLE IF NOT EXISTS history_files (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS history_units (
    id             INTEGER PRIMARY KEY,
    file_id        INTEGER NOT NULL REFERENCES history_files (id),
    qualified_name TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS history_units_by_file ON history_units (file_id);
CREATE TABLE IF NOT EXISTS history_touches (
    unit_id   INTEGER NOT NULL REFERENCES history_units (id),
    commit_id INTEGER NOT NULL REFERENCES history_commits (id),
    PRIMARY KEY (unit_id, commit_id)
) WITHOUT ROWID;

-- Which functions these are now.
CREATE TABLE IF NOT EXISTS history_links (
    function_id INTEGER PRIMARY KEY REFERENCES functions (id) ON DELETE CASCADE,
    unit_id     INTEGER NOT NULL REFERENCES history_units (id)
);
CREATE INDEX IF NOT EXISTS history_links_by_unit ON history_links (unit_id);

-- At most one row: how far history was read. `repository` tells it from others, `seen` are the hashes of the commits
-- that were read, one after the other, and `complete` says whether all were that are wanted.
CREATE TABLE IF NOT EXISTS history_state (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    repository TEXT NOT NULL,
    head       TEXT NOT NULL,
    seen       BLOB NOT NULL,
    complete   INTEGER NOT NULL
);

-- Words of the subjects of a unit's commits. `rowid` is the unit's id. The tables above have the words.
CREATE VIRTUAL TABLE IF NOT EXISTS history_words USING fts5 (
    subjects, content = '', tokenize = '{TOKENIZER}'
);
"""
