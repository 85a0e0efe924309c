-- Push (design.md 8): who delivers a stream now, and how the last attempts went. The position is the stream's own.
CREATE TABLE levering (
    avsendersystem text PRIMARY KEY,
    owner text,
    fence bigint NOT NULL,
    lease_until timestamptz NOT NULL,
    attempts bigint NOT NULL,
    due timestamptz NOT NULL,
    failing_since timestamptz,
    parked timestamptz,
    why text
);
