-- How many attempts a case has had: of many only the first and the last are kept.
ALTER TABLE feilsak ADD COLUMN antall INTEGER NOT NULL DEFAULT 0;
UPDATE feilsak SET antall = (SELECT count(*) FROM (SELECT DISTINCT e.chain, e.position FROM feilsak_feil e WHERE e.sak = feilsak.sak) a);
