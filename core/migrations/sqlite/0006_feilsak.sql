-- Transfer errors (design.md 11, Feilsaker): one row per refused registration, person or message of an avsendersystem.
-- duf is what the message said, valid or not. The rest is JSON.
CREATE TABLE feilsak (
    sak TEXT PRIMARY KEY,
    avsendersystem TEXT NOT NULL,
    avsenders_referanse TEXT,
    duf TEXT,
    saksbehandler_ref TEXT,
    status TEXT NOT NULL,
    aapen INTEGER NOT NULL,
    aapnet INTEGER NOT NULL,
    endret INTEGER NOT NULL,
    vindu_lukker INTEGER,
    gruppe TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX feilsak_side ON feilsak (avsendersystem, aapnet, sak);
CREATE INDEX feilsak_referanse ON feilsak (avsendersystem, avsenders_referanse) WHERE aapen = 1;
CREATE INDEX feilsak_gruppe ON feilsak (gruppe, aapnet);

-- Each error of each attempt: the same feilId as in the answer, and where the exchange stands in the evidence.
CREATE TABLE feilsak_feil (
    sak TEXT NOT NULL,
    feil_id TEXT NOT NULL,
    avsendersystem TEXT NOT NULL,
    meldings_id TEXT NOT NULL,
    mottatt INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kode TEXT NOT NULL,
    felt TEXT,
    PRIMARY KEY (sak, feil_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX feilsak_feil_melding ON feilsak_feil (avsendersystem, meldings_id);
CREATE INDEX feilsak_feil_id ON feilsak_feil (feil_id);

-- Support cases (contract.md 5) and what was said in them, by the sender and by IMDi. The text is nowhere else but in the
-- sealed evidence.
CREATE TABLE supportsak (
    sak TEXT PRIMARY KEY,
    avsendersystem TEXT NOT NULL,
    feil_id TEXT,
    feilsak TEXT,
    duf TEXT,
    status TEXT NOT NULL,
    aapnet INTEGER NOT NULL,
    endret INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX supportsak_side ON supportsak (avsendersystem, aapnet, sak);
CREATE TABLE supportmelding (
    sak TEXT NOT NULL,
    id TEXT NOT NULL,
    fra TEXT NOT NULL,
    skrevet INTEGER NOT NULL,
    tekst TEXT NOT NULL,
    PRIMARY KEY (sak, id)
) STRICT, WITHOUT ROWID;

-- Notices by mail that were told: each once for its cause and period, whichever node tells it.
CREATE TABLE varsel (
    avsendersystem TEXT NOT NULL,
    aarsak TEXT NOT NULL,
    periode TEXT NOT NULL,
    fortalt INTEGER NOT NULL,
    PRIMARY KEY (avsendersystem, aarsak, periode)
) STRICT;

-- What sources closed lately (design.md 8, Bremse), and which source is held.
CREATE TABLE kilde_lukking (
    kilde TEXT NOT NULL,
    duf INTEGER NOT NULL,
    lukket INTEGER NOT NULL,
    PRIMARY KEY (kilde, duf)
) STRICT;
CREATE INDEX kilde_lukking_tid ON kilde_lukking (kilde, lukket);
CREATE TABLE kilde_bremse (
    kilde TEXT PRIMARY KEY,
    holdt INTEGER,
    sluppet INTEGER
) STRICT;
