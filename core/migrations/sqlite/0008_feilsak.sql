-- Errors of one attempt stand in the order of the answer: the first is the main one.
ALTER TABLE feilsak_feil ADD COLUMN nr INTEGER NOT NULL DEFAULT 0;
-- What an operator let on with its source is not counted again.
ALTER TABLE kilde_lukking ADD COLUMN sluppet INTEGER;
