//! Extracts for other systems: the basis of norsktilskudd (domain.md 13), the yearly statistics (16 row 56) and UDI's
//! evidence of a fulfilled duty (16 row 57). Rows without money and without names; each is a pure function of a person.

pub mod norsktilskudd;
pub mod statistikk;
pub mod udi;
