//! What `decide` answers, as tables that a clerk can read and extend: `tests/decide/*.txt`.
//!
//! A file begins with comments (`#`) that say what it shows, with the row ids of domain.md in brackets: `[TI-1]`. A line
//! `== …` opens a section with nobody in it and the standard parties: kommunene 4204, 4203, 0301, 3020, 1507, 1508,
//! 1580 and the county 4200, each with agreement, delegation, avsendersystem `4204-flyktning-1` and transfer user `4204-OVERF1` (INTROBRUKER).
//! What a message changes stays until the section ends, unless the line begins with `prøv`.
//!
//! **Set-up**, one per line (DATO is 2021-04-30, A..B a period with both days in it, either may be left out):
//! ```text
//! i dag DATO                        receipt, at noon        mottatt 2017-05-15T23:59:59   receipt, Oslo time
//! veggklokke DATO                   wall time, where it is another       profil production
//! person P1 i 4204[/BYDEL] [A..B] [kjent DATO]              followed up there; learned on that day (else long ago)
//! person P1 uten oppfølging | fnr NUMMER | strengt fortrolig [A..B] | fortrolig | klientadresse
//! person P1 død DATO | utflyttet DATO | erstattet av P2 | ukjent
//! system ID i 4204[/BYDEL] [ordninger INTRO,NORSK] [godkjent 1.0,1.1] [til DATO] [sperret GRUNN]
//! bruker ID i 4204[/BYDEL] ROLLE,ROLLE [skjerming] [brukt DATO] [til DATO]
//! uten avtale 4204 | uten fullmakt 4204 | avtale 4204 til DATO | fullmakt 4204 [til DATO] [ordninger INTRO]
//! innstilling NAVN true|false      a setting of domain.md 17 the other way round, from here on in the section
//! person P1 åpnet INTRO 4204 A..B DATO      days of the scheme that the register opened for the kommune on that day
//! kampanje ID A..B [måneder N] [tidligst DATO] [ordninger O,O] [kommuner K,K] [lov IL] [kanaler WEB] [typer T,T] [låste]
//! lås 2020 fra DATO [åpnet DATO] [ordninger O,O] [kommuner K,K]
//! driftsbrudd ID A..B N dager [kommuner K,K] | stengt ID A..B [kommuner K,K] GRUNN
//! lagret P1 som NAVN [ref R] [av SYSTEM|WEB] [eier 4204] [satt DATO] [versjon N] [slettet] INNHOLD
//! ```
//! **A message of one line** and what is answered:
//! ```text
//! [prøv] BRUKER[@SYSTEM] [{ kommune K bydel B signert HVEM tls HVEM opprettet DATO versjon V }] LINJE => SVAR
//! LINJE    HANDLING P1[/FNR] [som NAVN] [ref R] [post REF] [gjelderFra DATO] [form KODE FELT] [INNHOLD]
//! REF      NAVN[/VERSJON] | ref:R[/VERSJON] | linje:N | id:TEKST | /VERSJON
//! INNHOLD  tiltak TYPE A..B TIMER t [ordning O] [gruppe G] [erstattende] [gjennomføring M] [vurdert DATO] [tilbud ja]
//!          vedtak TYPE DATO [A..B] [ordning O] [begrunnelse B] [til REF] [klage REF] [sak S]
//! SVAR     UTFALL [[advarsel] KODE FELT [tidligst DATO] [regel R] [post NAVN] [sist KANAL] [navn=verdi] [uten NAVN] og …] [| id ledig]
//! ```
//! UTFALL is the line's result, AVVIST when anything refuses. Every error and warning is named, in order; `tidligst` is
//! named where it is told. `| id ledig`: the meldingsId is not spent. HVEM: leverandør, fremmed, kommune or a number.
//!
//! **A message of several lines**: `melding [PER_PERSON] BRUKER …`, its lines indented, each with `=> UTFALL …`; `P1 => SVAR`
//! for errors of a person; last, not indented, `=> STATUS …` of the whole.
//!
//! **A read** and **a report of a wrong record**: `les BRUKER P1 => VISES [lukket] | AVVIST KODE FELT`,
//! `meld BRUKER P1 NAVN/VERSJON ÅRSAK => STROEKET|MELDT | AVVIST KODE FELT`.
//!
//! **A source says something**: `kilde P1 [fra KILDE] [id ID] [trekker] FAKTUM`, with notices as after a message.
//! **A day is carried out**: `dag P1 DATO`, the same.
//!
//! **A day comes**: `kalender P1 DATO => HENDELSE [og HENDELSE]… | ingenting`. `person P1 frist TYPE ORDNING DATO [STATUS]` and
//! `person P1 kategori KODE A..B [ÅRSAK]` take the place of what the rules compute.
//!
//! **An explanation** (forklarVindu): `vindu BRUKER ORDNING DATO [P1] [type T] => innenfor|utenfor tidligst D regel R …`.
//!
//! **After a message**: `varsel SYSTEM TYPE P1 DATO OPPHAV HVA`, all notices in order, or `ingen varsel`;
//! `status P1 ORDNING DATO STATUS`; `ute P1 DATO|nei` (the day on which the programme ran out without a reason);
//! `sjekk NAVN [versjon N] [gyldig A..B] [fortsetter NAVN] [eier K] [bydel B] [ref R,R] [slettet] [grunnlag G]`.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/expect.rs"]
mod expect;
#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/innhold.rs"]
mod innhold;
#[path = "text/message.rs"]
mod message;
#[path = "text/regler.rs"]
mod regler;
#[path = "text/run.rs"]
mod run;
#[path = "text/vindu.rs"]
mod vindu;
#[path = "text/words.rs"]
mod words;
#[path = "text/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use register::rejection::Rejection;

static TABLES: LazyLock<run::Report> = LazyLock::new(|| run::folder("tests/decide"));

/// Codes that `decide` never gives, and who does.
const GIVEN_ELSEWHERE: [(Rejection, &str); 7] = [
    (Rejection::ClosedData, "reads: no registration asks for closed data"),
    (Rejection::PageTooLarge, "reads: the page is judged before the register is asked"),
    (Rejection::PositionExpired, "streams: the store knows what is left of one"),
    (Rejection::BeyondHandedOut, "streams: the store knows what was handed out"),
    (Rejection::IdReused, "the ledger looks up the meldingsId before decide"),
    (Rejection::PersonLocked, "the ledger could not lock the person"),
    (Rejection::Internal, "the ledger's own failure"),
];

/// Rows of domain.md that the tables show.
const ROWS: &str = "TI-1 TI-2 TI-2a TI-3 TI-5 TI-6 TI-7 TI-7a TI-8 TI-9 TI-10 TI-11 HD-1 HD-1a HD-3 HD-4 HD-5 HD-6 HD-12 HD-13 \
                    HD-16 AU-1 AU-2 AU-3 AU-5 AU-6 AU-7 AU-8 AU-9 VERN-1 VERN-1a VERN-2 VERN-3 VERN-4 VERN-5 9.2 9.4 9.5 11.2 11.3 \
                    15.1 3.5 10.2 10.3 17.4 17.8 17.12 \
                    FRAV-01 FRAV-02 FRAV-03 FRAV-04 FRAV-05 FRAV-06 FRAV-07 FRAV-R1 FRAV-R2 FRAV-R3 FRAV-R4 PERM-01 \
                    PERM-02 PERM-03 PERM-04 PERM-05 PERM-06 PERM-07a PERM-07b PERM-08 PERM-09 PERM-10 PERM-11 \
                    PERM-12 PERM-R1 PERM-R2 PERM-R3 PERM-R4 PERM-R5 AVSL-01 AVSL-02 AVSL-03 AVSL-04 AVSL-05 AVSL-06 \
                    AVSL-07 AVSL-08 AVSL-09 AVSL-10 AVSL-11 AVSL-12 AVSL-13 AVSL-14 AVSL-15 AVSL-16 AVSL-17 AVSL-18 \
                    AVSL-19 AVSL-20 AVSL-21 AVSL-98 AVSL-99 AVSL-SYS0 AVSL-R1 AVSL-R2 AVSL-R3 AVSL-R4 AVSL-R5 AU-4 \
                    HD-2 HD-7 HD-8 HD-9 HD-9a HD-10 HD-11 HD-15 IL-24 6.1 6.2 6.3 6.4";

#[test]
fn every_line_holds() {
    let failures = &TABLES.failures;
    assert!(failures.is_empty(), "{} lines fail\n\n{}\n", failures.len(), failures.join("\n\n"));
    assert!(TABLES.lines > 300, "only {} lines were read", TABLES.lines);
}

#[test]
fn every_code_is_provoked_or_given_elsewhere() {
    let elsewhere: BTreeSet<Rejection> = GIVEN_ELSEWHERE.iter().map(|(rejection, _)| *rejection).collect();
    let missing: Vec<&str> = Rejection::ALL
        .iter()
        .filter(|rejection| !TABLES.provoked.contains(rejection) && !elsewhere.contains(rejection))
        .map(|rejection| rejection.code())
        .collect();
    assert!(missing.is_empty(), "no line gives {missing:?}");
    let both: Vec<&str> = elsewhere.intersection(&TABLES.provoked).map(|rejection| rejection.code()).collect();
    assert!(both.is_empty(), "decide does give {both:?}");
}

#[test]
fn every_row_of_the_domain_is_named_by_a_heading() {
    let missing: Vec<&str> = ROWS.split_whitespace().filter(|row| !TABLES.rows.contains(*row)).collect();
    assert!(missing.is_empty(), "no heading names {missing:?}");
}

#[test]
fn a_line_that_is_not_understood_or_does_not_hold_fails() {
    let head = "== x\ni dag 2021-04-30\nperson P1 i 4204\n";
    for (line, why) in [
        ("4204-OVERF1 REGISTRER P1 vedtak AVSLAG 2021-04-01 begrunnelse ALDER", "=>"),
        ("4204-OVERF1 REGISTRER P1 vedtak AVSLAG 2021-04-01 begrunnelse ALDER => GODKJENT", "GODKJENT"),
        ("4204-OVERF1 REGISTRER P1 vedtak AVSLAG 2021-04-01 begrunelse ALDER => REGISTRERT", "begrunelse"),
        ("4204-OVERF1 REGISTRER P1 vedtak AVSLAG 2021-04-31 begrunnelse ALDER => REGISTRERT", "2021-04-31"),
        ("4204-OVERF1 REGISTRER P1 vedtak AVSLAG 2021-04-01 begrunnelse ALDER => AVVIST NIR-Z999 felt", "NIR-Z999"),
        ("4204-OVERF1 REGISTRER P1 vedtak AVSLAG 2021-04-01 begrunnelse ALDER => UENDRET", "REGISTRERT"),
        (
            "4204-OVERF1 REGISTRER P1 vedtak AVSLAG 2021-02-01 begrunnelse ALDER => AVVIST NIR-V601 vedtaksdato",
            "tidligst",
        ),
        ("4204-OVERF1 REGISTRER P1 vedtak AVSLAG 2021-04-01 begrunnelse ALDER => REGISTRERT | id ledig", "id brukt"),
        ("person P1 bor i 4204", "bor"),
        ("sjekk V1 versjon 1", "V1"),
    ] {
        let report = run::text("x.txt", &format!("{head}{line}\n"));
        let [failure] = report.failures.as_slice() else { panic!("{line}: {:?}", report.failures) };
        assert!(failure.contains("x.txt:4") && failure.contains(why), "{line}: {failure}");
    }
}
