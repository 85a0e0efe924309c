-- What streams hold of one person is found without reading the streams when the person becomes protected (domain.md VERN-5).
-- A row that was withdrawn names nobody any more and leaves the index.
CREATE INDEX change_duf ON change (duf) WHERE duf IS NOT NULL;

-- Whose numbers a number took the place of: they are protected with it.
INSERT INTO person_nummer (kind, verdi, duf)
SELECT DISTINCT 'ETTERFOELGER', lpad(data::json #>> '{content,DufErstattet,ny}', 12, '0'), duf FROM fact
WHERE system_to IS NULL AND data LIKE '%"DufErstattet"%' AND NOT (data::json ->> 'annulled')::boolean
AND data::json #>> '{content,DufErstattet,ny}' IS NOT NULL;
