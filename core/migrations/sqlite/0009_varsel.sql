-- Mails that tell contacts of notices (design.md 8): one row for each recipient, written with the notes of what it tells in
-- one transaction, and sent from here. Who takes one to send it moves neste and raises forsoek; the Message-ID stays.
CREATE TABLE epost (
    id TEXT PRIMARY KEY,
    avsendersystem TEXT NOT NULL,
    aarsak TEXT NOT NULL,
    message_id TEXT NOT NULL,
    mottaker TEXT NOT NULL,
    emne TEXT NOT NULL,
    tekst TEXT NOT NULL,
    skrevet INTEGER NOT NULL,
    forsoek INTEGER NOT NULL DEFAULT 0,
    neste INTEGER NOT NULL,
    hvorfor TEXT,
    sendt INTEGER,
    oppgitt INTEGER
) STRICT;
CREATE INDEX epost_venter ON epost (neste) WHERE sendt IS NULL AND oppgitt IS NULL;
CREATE INDEX epost_oppgitt ON epost (oppgitt) WHERE oppgitt IS NOT NULL;

-- The first change about address protection that a stream has not read, without reading the others.
CREATE INDEX change_skjerming ON change (avsendersystem, number) WHERE instr(data, '"SKJERMING_ENDRET"') > 0;
-- What was refused lately.
CREATE INDEX feilsak_aapnet ON feilsak (aapnet) WHERE aapen = 1;
