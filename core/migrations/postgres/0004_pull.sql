-- Pull (contract.md 0.13 to 0.15): what is still there of a stream, and orders of pictures with how far they have come.
ALTER TABLE stream ADD COLUMN oldest_number bigint NOT NULL DEFAULT 1;

CREATE TABLE bestilling (
    bestillings_id uuid PRIMARY KEY,
    avsendersystem text NOT NULL,
    bruker text NOT NULL,
    posisjon bigint NOT NULL,
    recorded timestamptz NOT NULL,
    omfang text NOT NULL,
    antall bigint NOT NULL,
    done_to bigint NOT NULL,
    skrevet bigint NOT NULL,
    touched timestamptz NOT NULL,
    finished timestamptz
);
CREATE UNIQUE INDEX bestilling_open ON bestilling (avsendersystem) WHERE finished IS NULL;
