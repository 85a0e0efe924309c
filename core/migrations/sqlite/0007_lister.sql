-- A list that asks for somebody with or without a decision, a measure or a final goal finds nobody for long stretches: the
-- index says so without looking at the rows.
DROP INDEX person_liste_kommune;
CREATE INDEX person_liste_kommune ON person_liste (kommune, kode, duf, nr, vedtak, tiltak, sluttmaal);
