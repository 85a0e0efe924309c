//! Every code of domain.md 15 that this slice can meet, provoked over the wire.
