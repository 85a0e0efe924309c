-- What streams hold of one person is read page by page, in the order of this index (domain.md VERN-5).
CREATE INDEX change_person ON change (duf, avsendersystem, number) WHERE duf IS NOT NULL;
DROP INDEX change_duf;
