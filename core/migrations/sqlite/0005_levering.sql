-- Push (design.md 8): who delivers a stream now, and how the last attempts went. The position is the stream's own.
CREATE TABLE levering (
    avsendersystem TEXT PRIMARY KEY,
    owner TEXT,
    fence INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due INTEGER NOT NULL,
    failing_since INTEGER,
    parked INTEGER,
    why TEXT
) STRICT;
