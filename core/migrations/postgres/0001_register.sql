-- The register, its streams, message ids and evidence (design.md 7, 9). Keys of register tables start with duf.

-- profile, registry_version, snapshot_format.
CREATE TABLE meta (
    key text PRIMARY KEY,
    value text NOT NULL
);

-- Parties and rights (domain.md 10, 14): a change closes the row and opens another.
CREATE TABLE registry_entry (
    key text NOT NULL,
    system_from timestamptz NOT NULL,
    system_to timestamptz,
    data text NOT NULL,
    PRIMARY KEY (key, system_from)
);
CREATE UNIQUE INDEX registry_entry_present ON registry_entry (key) WHERE system_to IS NULL;

-- Last use of transfer users, at most one write a day for each (A405).
CREATE TABLE user_use (
    user_id text PRIMARY KEY,
    last_used timestamptz NOT NULL
);

-- One row per person; state is a snapshot of everything present, loaded instead of the rows.
CREATE TABLE person (
    duf bigint PRIMARY KEY,
    version bigint NOT NULL,
    last_row bigint NOT NULL,
    state bytea NOT NULL
) WITH (fillfactor = 70);
ALTER TABLE person ALTER COLUMN state SET STORAGE MAIN;

-- Facts from sources. row_no is given within the person, without gaps over facts, versions and computations.
CREATE TABLE fact (
    duf bigint NOT NULL,
    row_no bigint NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    system_from timestamptz NOT NULL,
    system_to timestamptz,
    data text NOT NULL,
    PRIMARY KEY (duf, row_no)
);

-- Versions of posts: the journal. The key is also the safety net against lost updates.
CREATE TABLE post_version (
    duf bigint NOT NULL,
    row_no bigint NOT NULL,
    post_id uuid NOT NULL,
    versjon integer NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    system_from timestamptz NOT NULL,
    system_to timestamptz,
    annulled boolean NOT NULL,
    kommune text NOT NULL,
    bydel text,
    data text NOT NULL,
    PRIMARY KEY (duf, row_no)
);
-- All posts of a kommune, a page at a time (hentPostoversikt).
CREATE INDEX post_version_kommune ON post_version (kommune, duf, row_no);

-- Lists of persons (hentPersonliste), derived from the person and written with it: for each kommune that follows it up a row
-- as such (kode is empty) and one for each category. Rows that ended serve questions that were begun before.
CREATE TABLE person_liste (
    duf bigint NOT NULL,
    system_from timestamptz NOT NULL,
    nr integer NOT NULL,
    system_to timestamptz,
    kommune text NOT NULL,
    bydel text,
    kode text NOT NULL,
    lov text,
    fra date NOT NULL,
    til date,
    tiltak boolean NOT NULL,
    vedtak boolean NOT NULL,
    sluttmaal boolean NOT NULL,
    fornavn text,
    etternavn text,
    skjermet_til date,
    data text NOT NULL,
    PRIMARY KEY (duf, system_from, nr)
);
CREATE INDEX person_liste_kommune ON person_liste (kommune, kode, duf, nr);

-- Numbers that a person is found by (finnPerson).
CREATE TABLE person_nummer (
    kind text NOT NULL,
    verdi text NOT NULL,
    duf bigint NOT NULL,
    PRIMARY KEY (kind, verdi, duf)
);
CREATE INDEX person_nummer_duf ON person_nummer (duf);

-- Computations (kategorier, frister, their log): one is written when its result or its reasons differ from the last one's.
CREATE TABLE beregning (
    duf bigint NOT NULL,
    row_no bigint NOT NULL,
    beregnings_id uuid NOT NULL,
    system_from timestamptz NOT NULL,
    system_to timestamptz,
    data text NOT NULL,
    PRIMARY KEY (duf, row_no)
);
CREATE UNIQUE INDEX beregning_id ON beregning (beregnings_id);

-- avsendersReferanse: unique in the avsendersystem (contract.md 0.6). attached is the version of the person that attached
-- it: the order among the references of a post.
CREATE TABLE post_reference (
    avsendersystem text NOT NULL,
    reference text NOT NULL,
    duf bigint NOT NULL,
    post_id uuid NOT NULL,
    attached bigint NOT NULL,
    system_from timestamptz NOT NULL,
    PRIMARY KEY (avsendersystem, reference)
);
CREATE INDEX post_reference_duf ON post_reference (duf);

-- Idempotency (contract.md 4.4): kept at least 25 months. The answer stands in the evidence row.
CREATE TABLE message_id (
    avsendersystem text NOT NULL,
    meldings_id text NOT NULL,
    digest bytea NOT NULL,
    outcome text NOT NULL,
    final boolean NOT NULL,
    first_received timestamptz NOT NULL,
    chain integer NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (avsendersystem, meldings_id)
);

-- One counter row per stream, updated last, in order, in the transaction of its cause.
CREATE TABLE stream (
    avsendersystem text PRIMARY KEY,
    incarnation integer NOT NULL,
    last_number bigint NOT NULL,
    handed_out bigint NOT NULL,
    acknowledged bigint NOT NULL
) WITH (fillfactor = 20);

CREATE TABLE change (
    avsendersystem text NOT NULL,
    number bigint NOT NULL,
    duf bigint,
    recorded timestamptz NOT NULL,
    data text NOT NULL,
    PRIMARY KEY (avsendersystem, number)
);

-- Evidence chains: (node, lane, incarnation).
CREATE TABLE evidence_chain (
    chain integer PRIMARY KEY,
    node text NOT NULL,
    lane integer NOT NULL,
    incarnation integer NOT NULL,
    head_position bigint NOT NULL,
    head_hash bytea NOT NULL,
    UNIQUE (node, lane, incarnation)
);

CREATE TABLE evidence (
    chain integer NOT NULL,
    position bigint NOT NULL,
    kind smallint NOT NULL,
    recorded timestamptz NOT NULL,
    received timestamptz NOT NULL,
    operation text NOT NULL,
    signer text NOT NULL,
    avsendersystem text,
    meldings_id text,
    outcome text NOT NULL,
    about bigint,
    request_sha256 bytea NOT NULL,
    answer_sha256 bytea NOT NULL,
    stored_sha256 bytea NOT NULL,
    dictionary smallint NOT NULL,
    request bytea,
    answer bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (chain, position)
);
ALTER TABLE evidence ALTER COLUMN request SET STORAGE EXTERNAL;
ALTER TABLE evidence ALTER COLUMN answer SET STORAGE EXTERNAL;

-- Data keys, wrapped by a key outside the database: destroying a row erases its payload (design.md 9).
CREATE TABLE data_key (
    chain integer NOT NULL,
    position bigint NOT NULL,
    wrapped bytea NOT NULL,
    PRIMARY KEY (chain, position)
);
