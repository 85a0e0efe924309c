-- Times are microseconds since 1970 (UTC), dates are days since 1970-01-01.
-- The register, its streams, message ids and evidence (design.md 7, 9). Keys of register tables start with duf.

-- profile, registry_version, snapshot_format.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Parties and rights (domain.md 10, 14): a change closes the row and opens another.
CREATE TABLE registry_entry (
    key TEXT NOT NULL,
    system_from INTEGER NOT NULL,
    system_to INTEGER,
    data TEXT NOT NULL,
    PRIMARY KEY (key, system_from)
) STRICT;
CREATE UNIQUE INDEX registry_entry_present ON registry_entry (key) WHERE system_to IS NULL;

-- Last use of transfer users, at most one write a day for each (A405).
CREATE TABLE user_use (
    user_id TEXT PRIMARY KEY,
    last_used INTEGER NOT NULL
) STRICT;

-- One row per person; state is a snapshot of everything present, loaded instead of the rows.
CREATE TABLE person (
    duf INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    last_row INTEGER NOT NULL,
    state BLOB NOT NULL
) STRICT;

-- Facts from sources. row_no is given within the person, without gaps over facts, versions and computations.
CREATE TABLE fact (
    duf INTEGER NOT NULL,
    row_no INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    system_from INTEGER NOT NULL,
    system_to INTEGER,
    data TEXT NOT NULL,
    PRIMARY KEY (duf, row_no)
) STRICT, WITHOUT ROWID;

-- Versions of posts: the journal. The key is also the safety net against lost updates.
CREATE TABLE post_version (
    duf INTEGER NOT NULL,
    row_no INTEGER NOT NULL,
    post_id TEXT NOT NULL,
    versjon INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    system_from INTEGER NOT NULL,
    system_to INTEGER,
    annulled INTEGER NOT NULL,
    kommune TEXT NOT NULL,
    bydel TEXT,
    data TEXT NOT NULL,
    PRIMARY KEY (duf, row_no)
) STRICT, WITHOUT ROWID;
-- All posts of a kommune, a page at a time (hentPostoversikt).
CREATE INDEX post_version_kommune ON post_version (kommune, duf, row_no);

-- Lists of persons (hentPersonliste), derived from the person and written with it: for each kommune that follows it up a row
-- as such (kode is empty) and one for each category. Rows that ended serve questions that were begun before.
CREATE TABLE person_liste (
    duf INTEGER NOT NULL,
    system_from INTEGER NOT NULL,
    nr INTEGER NOT NULL,
    system_to INTEGER,
    kommune TEXT NOT NULL,
    bydel TEXT,
    kode TEXT NOT NULL,
    lov TEXT,
    fra INTEGER NOT NULL,
    til INTEGER,
    tiltak INTEGER NOT NULL,
    vedtak INTEGER NOT NULL,
    sluttmaal INTEGER NOT NULL,
    fornavn TEXT,
    etternavn TEXT,
    skjermet_til INTEGER,
    data TEXT NOT NULL,
    PRIMARY KEY (duf, system_from, nr)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_liste_kommune ON person_liste (kommune, kode, duf, nr);

-- Numbers that a person is found by (finnPerson).
CREATE TABLE person_nummer (
    kind TEXT NOT NULL,
    verdi TEXT NOT NULL,
    duf INTEGER NOT NULL,
    PRIMARY KEY (kind, verdi, duf)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_nummer_duf ON person_nummer (duf);

-- Computations (kategorier, frister, their log): one is written when its result or its reasons differ from the last one's.
CREATE TABLE beregning (
    duf INTEGER NOT NULL,
    row_no INTEGER NOT NULL,
    beregnings_id TEXT NOT NULL,
    system_from INTEGER NOT NULL,
    system_to INTEGER,
    data TEXT NOT NULL,
    PRIMARY KEY (duf, row_no)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX beregning_id ON beregning (beregnings_id);

-- avsendersReferanse: unique in the avsendersystem (contract.md 0.6). attached is the version of the person that attached
-- it: the order among the references of a post.
CREATE TABLE post_reference (
    avsendersystem TEXT NOT NULL,
    reference TEXT NOT NULL,
    duf INTEGER NOT NULL,
    post_id TEXT NOT NULL,
    attached INTEGER NOT NULL,
    system_from INTEGER NOT NULL,
    PRIMARY KEY (avsendersystem, reference)
) STRICT;
CREATE INDEX post_reference_duf ON post_reference (duf);

-- Idempotency (contract.md 4.4): kept at least 25 months. The answer stands in the evidence row.
CREATE TABLE message_id (
    avsendersystem TEXT NOT NULL,
    meldings_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    outcome TEXT NOT NULL,
    final INTEGER NOT NULL,
    first_received INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (avsendersystem, meldings_id)
) STRICT;

-- One counter row per stream, updated last, in order, in the transaction of its cause.
CREATE TABLE stream (
    avsendersystem TEXT PRIMARY KEY,
    incarnation INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    handed_out INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL
) STRICT;

CREATE TABLE change (
    avsendersystem TEXT NOT NULL,
    number INTEGER NOT NULL,
    duf INTEGER,
    recorded INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (avsendersystem, number)
) STRICT, WITHOUT ROWID;

-- Evidence chains: (node, lane, incarnation).
CREATE TABLE evidence_chain (
    chain INTEGER PRIMARY KEY,
    node TEXT NOT NULL,
    lane INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    head_position INTEGER NOT NULL,
    head_hash BLOB NOT NULL,
    UNIQUE (node, lane, incarnation)
) STRICT;

CREATE TABLE evidence (
    chain INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    received INTEGER NOT NULL,
    operation TEXT NOT NULL,
    signer TEXT NOT NULL,
    avsendersystem TEXT,
    meldings_id TEXT,
    outcome TEXT NOT NULL,
    about INTEGER,
    request_sha256 BLOB NOT NULL,
    answer_sha256 BLOB NOT NULL,
    stored_sha256 BLOB NOT NULL,
    dictionary INTEGER NOT NULL,
    request BLOB,
    answer BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (chain, position)
) STRICT;

-- Data keys, wrapped by a key outside the database: destroying a row erases its payload (design.md 9).
CREATE TABLE data_key (
    chain INTEGER NOT NULL,
    position INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (chain, position)
) STRICT;
