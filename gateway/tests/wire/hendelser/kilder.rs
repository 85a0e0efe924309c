//! What the source registers cause: permits, moves, results, families, protection.

use super::verden::{Verden, bosetting, bosted, until};
use super::{Case, case};
use crate::kilde::{annuller, permit, personalia, sett};
use crate::messages::{day, tiltak, vedtak};

const HERE: &str = "4204-flyktning-1";
const NEXT: &str = "4203-flyktning-1";
const NORSK: &str = "4204-norsk-9";

fn here(opphav: &'static str) -> (&'static str, &'static str) {
    (HERE, opphav)
}

fn settles(w: &Verden, duf: &str) {
    w.imdi(duf, &sett("b", &day(-20), &bosetting(&day(-20))));
}

/// Folkeregisteret ends the first address and tells another one.
fn moves(w: &Verden, duf: &str, (kommune, bydel): (&str, Option<&str>), on: i64) {
    let (was, were) = if bydel.is_some() { ("0301", Some("030101")) } else { ("4204", None) };
    // The first address began on the day on which the person came.
    let began = if on < -10 { day(-20) } else { day(-100) };
    let ended = until(&sett("bosted/1", &began, &bosted(was, were)), &day(on - 1));
    w.freg(duf, &(ended + &sett("bosted/2", &day(on), &bosted(kommune, bydel))));
}

fn away(w: &Verden, duf: &str) {
    moves(w, duf, ("4203", None), -5);
}

fn resident(w: &Verden) -> String {
    w.resident("4204", None)
}

fn proeve(result: &str) -> String {
    let proeve = format!(
        "<proeve><proevetype>NORSKPROEVE_A1_B2</proevetype><delproeve>MUNTLIG</delproeve><dato>{}</dato>\
         <resultat>{result}</resultat><status>AVLAGT</status></proeve>",
        day(-3)
    );
    sett("p", &day(-3), &proeve)
}

fn tested(w: &Verden) -> String {
    let duf = w.load();
    w.pad(&duf, &proeve("A2"));
    duf
}

fn fornyelse(decided: &str) -> String {
    sett("f", &day(-3), &format!("<fornyelse><soeknadsdato>{}</soeknadsdato>{decided}</fornyelse>", day(-3)))
}

fn asyl(on: &str, decided: &str) -> String {
    sett(
        "asyl",
        on,
        &format!(
            "<asylsoeknad><soeknadsdato>{on}</soeknadsdato><hurtigprosedyre>false</hurtigprosedyre><dublin>false</dublin>{decided}</asylsoeknad>"
        ),
    )
}

fn nummer(w: &Verden, duf: &str, nummer: &str) {
    w.udi(
        duf,
        &sett(
            "reg",
            &day(-9),
            &format!("<nummer><nummertype>REG_NUMMER</nummertype><nummer>{nummer}</nummer></nummer>"),
        ),
    );
}

fn mottak() -> String {
    let place = "<mottak><navn>Prøve mottak</navn><kommunenummer>4203</kommunenummer><mottakstype>ORDINAERT</mottakstype></mottak>";
    sett("mottak/1", &day(-9), place)
}

pub fn cases() -> Vec<Case> {
    let mut all = vec![
        case("KATEGORI_AAPNET", Verden::permitted, settles, here("IMDI"), &[NEXT]),
        case("FRIST_BEREGNET", Verden::permitted, settles, here("IMDI"), &[NEXT]),
        case("VEDTAK_MANGLER", Verden::permitted, settles, here("IMDI"), &[NEXT]),
        case("UTDANNING_MANGLER", Verden::permitted, settles, here("IMDI"), &[NEXT, NORSK]),
        case("BOSETTING_REGISTRERT", Verden::permitted, settles, here("IMDI"), &[NEXT]),
        case("KATEGORI_LUKKET", Verden::refugee, |w, d| w.udi(d, &annuller("vedtak/1")), here("UDI"), &[NEXT]),
        case("FRIST_BORTFALT", Verden::refugee, |w, d| w.udi(d, &annuller("vedtak/1")), here("UDI"), &[NEXT]),
        case(
            "FRIST_ENDRET",
            Verden::refugee,
            |w, d| w.imdi(d, &sett("b", &day(-20), &bosetting(&day(-15)))),
            here("IMDI"),
            &[NEXT],
        ),
        case("LOVVALG_ENDRET", applied_long_ago, granted_now, here("UDI"), &[NEXT]),
    ];
    all.extend(moved());
    all.extend(about_the_person());
    all.extend(by_udi());
    all
}

fn applied_long_ago(w: &Verden) -> String {
    let duf = resident(w);
    w.udi(&duf, &asyl("2020-10-01", ""));
    settles(w, &duf);
    duf
}

fn granted_now(w: &Verden, duf: &str) {
    let applied =
        permit("ASYL", &day(-10)).replace("<vedtaksdato>", "<soeknadsdato>2020-10-01</soeknadsdato><vedtaksdato>");
    w.udi(duf, &sett("t", &day(-10), &applied));
}

fn moved() -> Vec<Case> {
    let freg = "FOLKEREGISTER";
    let bydel: fn(&Verden, &str) = |w, d| moves(w, d, ("0301", Some("030102")), -5);
    let imdi: fn(&Verden, &str) = |w, d| {
        w.imdi(d, &sett("o", &day(-5), "<oppfoelging><kommunenummer>4203</kommunenummer></oppfoelging>"));
    };
    let late: fn(&Verden, &str) = |w, d| moves(w, d, ("4203", None), -15);
    vec![
        case("FRAFLYTTET", resident, away, (HERE, freg), &[NEXT, "0301-flyktning-1"]),
        case("TILFLYTTET", resident, away, (NEXT, freg), &[HERE, "0301-flyktning-1"]),
        case("PERSON_OEYEBLIKKSBILDE", resident, away, (NEXT, freg), &[HERE]),
        case(
            "BYDEL_ENDRET",
            |w| w.resident("0301", Some("030101")),
            bydel,
            ("0301-bydel-1", freg),
            &["0301-bydel-3", HERE],
        ),
        case(
            "BYDEL_ENDRET",
            |w| w.resident("0301", Some("030101")),
            bydel,
            ("0301-flyktning-1", freg),
            &["0301-bydel-3"],
        ),
        case("OPPFOELGING_ENDRET", resident, imdi, (HERE, "IMDI"), &["0301-flyktning-1"]),
        case("OPPFOELGING_ENDRET", resident, imdi, (NEXT, "IMDI"), &["0301-flyktning-1"]),
        case("EIERKONFLIKT", begun, late, (HERE, freg), &["0301-flyktning-1"]),
        case("EIERKONFLIKT", begun, late, (NEXT, freg), &["0301-flyktning-1"]),
        case(
            "ADRESSE_ENDRET",
            resident,
            |w, d| w.freg(d, &sett("bosted/2", &day(-1), &bosted("4204", None))),
            (HERE, freg),
            &[NEXT],
        ),
    ]
}

fn begun(w: &Verden) -> String {
    let duf = w.refugee();
    let measure = tiltak("NORSK_SAMF", "NS01", &day(-10), &day(20), "25");
    w.sends(&duf, &[&vedtak(&day(-10), &day(-10), &day(300)), &measure]);
    duf
}

fn about_the_person() -> Vec<Case> {
    let freg = here("FOLKEREGISTER");
    let renamed: fn(&Verden, &str) = |w, d| w.udi(d, &sett("navn", &day(-1), &personalia().replace("Bjørk", "Gran")));
    vec![
        case("PERSONALIA_ENDRET", resident, renamed, here("UDI"), &[NEXT]),
        case(
            "PERSONALIA_ENDRET",
            resident,
            |w, d| w.freg(d, &sett("doed", &day(-1), &format!("<doedsfall><dato>{}</dato></doedsfall>", day(-1)))),
            freg,
            &[NEXT],
        ),
        case(
            "FAMILIE_ENDRET",
            Verden::load,
            |w, d| {
                w.udi(
                    d,
                    &sett(
                        "fam",
                        &day(-9),
                        "<familie><relasjon>EKTEFELLE</relasjon><dufNummer>202265432110</dufNummer></familie>",
                    ),
                )
            },
            here("UDI"),
            &[NEXT],
        ),
        case(
            "IDENT_ENDRET",
            |w| {
                let duf = w.load();
                nummer(w, &duf, "A12345");
                duf
            },
            |w, d| nummer(w, d, "B54321"),
            here("UDI"),
            &[NEXT],
        ),
        case(
            "DUF_SAMMENSLAATT",
            Verden::load,
            |w, d| {
                w.udi(
                    d,
                    &sett("m", &day(0), "<dufErstattet><nyttDufNummer>202265432110</nyttDufNummer></dufErstattet>"),
                )
            },
            here("UDI"),
            &[NEXT],
        ),
        case(
            "STATSBORGERSKAP_ENDRET",
            Verden::load,
            |w, d| w.freg(d, &sett("land", &day(-9), "<statsborgerskap><land>SYR</land></statsborgerskap>")),
            freg,
            &[NEXT],
        ),
        case(
            "SKJERMING_ENDRET",
            // Followed up by IMDi's decision: nobody else's word places who is hidden.
            Verden::load,
            |w, d| {
                w.freg(
                    d,
                    &sett(
                        "g",
                        &day(0),
                        "<beskyttelse><adressebeskyttelse>STRENGT_FORTROLIG</adressebeskyttelse></beskyttelse>",
                    ),
                )
            },
            freg,
            &[NEXT],
        ),
        case(
            "KOMPETANSE_STATUS",
            Verden::load,
            |w, d| {
                w.imdi(
                    d,
                    &sett(
                        "kompetanse",
                        &day(-9),
                        "<kompetanse><kompetansestatus>FULLFOERT</kompetansestatus></kompetanse>",
                    ),
                )
            },
            here("IMDI"),
            &[NEXT],
        ),
        case("PROEVERESULTAT_NYTT", Verden::load, |w, d| w.pad(d, &proeve("A2")), here("PAD"), &[NEXT]),
        case("PROEVERESULTAT_ENDRET", tested, |w, d| w.pad(d, &proeve("B1")), here("PAD"), &[NEXT]),
        case("PROEVERESULTAT_ANNULLERT", tested, |w, d| w.pad(d, &annuller("p")), here("PAD"), &[NEXT]),
    ]
}

fn by_udi() -> Vec<Case> {
    let udi = here("UDI");
    vec![
        case(
            "OPPHOLD_NYTT",
            Verden::refugee,
            |w, d| w.udi(d, &sett("t2", &day(-2), &permit("ASYL", &day(-2)))),
            udi,
            &[NEXT],
        ),
        case(
            "OPPHOLD_FORNYET",
            Verden::refugee,
            |w, d| {
                let renewed = permit("ASYL", &day(-2)).replace("<foerstegang>true", "<foerstegang>false");
                w.udi(d, &sett("t2", &day(-2), &renewed));
            },
            udi,
            &[NEXT],
        ),
        case(
            "OPPHOLD_TILBAKEKALT",
            Verden::refugee,
            |w, d| {
                let end = format!(
                    "<opphoer><utfall>TILBAKEKALL</utfall><dato>{}</dato><endelig>true</endelig></opphoer></oppholdstillatelse>",
                    day(-1)
                );
                let ended = permit("ASYL", &day(-90)).replace("</oppholdstillatelse>", &end);
                w.udi(d, &sett("vedtak/1", &day(-90), &ended));
            },
            udi,
            &[NEXT],
        ),
        case("FORNYELSE_SOEKT", Verden::refugee, |w, d| w.udi(d, &fornyelse("")), udi, &[NEXT]),
        case(
            "FORNYELSE_AVGJORT",
            |w| {
                let duf = w.refugee();
                w.udi(&duf, &fornyelse(""));
                duf
            },
            |w, d| w.udi(d, &fornyelse(&decided("INNVILGET"))),
            udi,
            &[NEXT],
        ),
        case("ASYLSOEKNAD_AVGJORT", resident, |w, d| w.udi(d, &asyl(&day(-60), &decided("AVSLAG"))), udi, &[NEXT]),
        // IMDi has decided that another kommune than the host follows up.
        case("MOTTAK_INN", Verden::load, |w, d| w.udi(d, &mottak()), udi, &["0301-flyktning-1"]),
        case("MOTTAK_INN", Verden::load, |w, d| w.udi(d, &mottak()), (NEXT, "UDI"), &["0301-flyktning-1"]),
        case(
            "MOTTAK_UT",
            |w| {
                let duf = w.load();
                w.udi(&duf, &mottak());
                duf
            },
            |w, d| w.udi(d, &until(&mottak(), &day(-2))),
            udi,
            &["0301-flyktning-1"],
        ),
    ]
}

fn decided(utfall: &str) -> String {
    format!("<utfall>{utfall}</utfall><avgjortDato>{}</avgjortDato><endelig>true</endelig>", day(-1))
}
