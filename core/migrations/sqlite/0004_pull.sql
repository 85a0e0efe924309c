-- Pull (contract.md 0.13 to 0.15): what is still there of a stream, and orders of pictures with how far they have come.
ALTER TABLE stream ADD COLUMN oldest_number INTEGER NOT NULL DEFAULT 1;

CREATE TABLE bestilling (
    bestillings_id TEXT PRIMARY KEY,
    avsendersystem TEXT NOT NULL,
    bruker TEXT NOT NULL,
    posisjon INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    omfang TEXT NOT NULL,
    antall INTEGER NOT NULL,
    done_to INTEGER NOT NULL,
    skrevet INTEGER NOT NULL,
    touched INTEGER NOT NULL,
    finished INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX bestilling_open ON bestilling (avsendersystem) WHERE finished IS NULL;
