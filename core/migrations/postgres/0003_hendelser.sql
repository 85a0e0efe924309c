-- What a date brought is said once (design.md 6, Calendar events): the persons for whom it has been carried out.
CREATE TABLE kalender (
    duf bigint NOT NULL,
    dato date NOT NULL,
    system_from timestamptz NOT NULL,
    PRIMARY KEY (duf, dato)
);
