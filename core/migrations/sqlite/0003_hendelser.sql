-- What a date brought is said once (design.md 6, Calendar events): the persons for whom it has been carried out.
CREATE TABLE kalender (
    duf INTEGER NOT NULL,
    dato INTEGER NOT NULL,
    system_from INTEGER NOT NULL,
    PRIMARY KEY (duf, dato)
) STRICT, WITHOUT ROWID;
