//! The six `handling` and what becomes of a post (contract.md 0.7, 4.3), on both databases.

use crate::client::{Answer, Client};
use crate::messages::{
    Head, day, fresh, head, hent_person, line, person, post, registrer, send, send_with, tiltak, vedtak,
};
use crate::sandbox::{Sandbox, on_both_databases, shared};

on_both_databases! {
    the_six_handlings_and_what_becomes_of_a_post,
}

/// Of the second fagsystem of the kommune.
fn neighbour() -> Head {
    head().from("4204-voksen-2", "4204", "4204-SUPER1")
}

fn by_reference(reference: &str) -> String {
    format!("<post><avsendersReferanse>{reference}</avsendersReferanse></post>")
}

fn the_six_handlings_and_what_becomes_of_a_post(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let duf = sandbox.unused("4204");
    let (v, t) = (fresh("v"), fresh("t"));
    let one = |line: &str| client.registered(&send(&head(), &person(&duf, line)));
    let results = |answer: &Answer| answer.texts("resultat")[1..].to_vec();
    let posts = || client.accepted(&hent_person(&head(), &duf, "<medAnnullerte>true</medAnnullerte>"));
    let of = |answer: &Answer, n: usize| (answer.texts("postId")[n].clone(), answer.texts("versjon")[n].clone());
    let course = |fra: &str, til: &str, timer: &str| tiltak("NORSK_SAMF", "NS01", fra, til, timer);

    // REGISTRER, and a second line that points at nothing else.
    let lines = registrer("1", &v, &vedtak(&day(0), &day(0), &day(300)))
        + &registrer("2", &t, &course(&day(0), &day(100), "25"));
    let answer = one(&lines);
    assert_eq!(results(&answer), ["REGISTRERT", "REGISTRERT"], "{answer}");
    let (measure, versjon) = of(&answer, 1);
    assert_eq!(versjon, "1");
    // The same reference and content again, under another id: there already.
    assert_eq!(results(&one(&registrer("1", &t, &course(&day(0), &day(100), "25.0")))), ["UENDRET"]);
    // KORRIGER: the whole record as it should have been; a new version of the same post.
    let answer = one(&line("1", "KORRIGER", "", &post(&measure, 1), &course(&day(0), &day(100), "30")));
    assert_eq!((results(&answer), of(&answer, 0)), (vec!["KORRIGERT".to_owned()], (measure.clone(), "2".to_owned())));
    // ENDRE: the world changed from a day; the old post ends the day before, a new one goes on.
    let change = line("1", "ENDRE", "", &post(&measure, 2), &course(&day(50), &day(100), "10"))
        .replace("</post>", &format!("</post><gjelderFra>{}</gjelderFra>", day(50)));
    let answer = one(&change);
    assert_eq!(results(&answer), ["ENDRET"], "{answer}");
    let read = posts();
    let (next, _) = of(&answer, 0);
    assert_ne!(next, measure);
    assert_eq!(read.texts("fortsetter"), std::slice::from_ref(&measure), "{read}");
    // The posts stand after the categories, which have days of their own.
    assert!(read.texts("tilDato").ends_with(&[day(49), day(100)]), "{read}");
    assert_eq!(read.texts("timerPerUke"), ["30", "10"], "{read}");
    // KNYTT: the kommune's other fagsystem gives the post a reference of its own, and writes it from then on.
    let other = Client::new(sandbox, "vendor2");
    let theirs = fresh("theirs");
    let answer =
        other.registered(&send(&neighbour(), &person(&duf, &line("1", "KNYTT", &theirs, &post(&next, 1), ""))));
    assert_eq!(
        (results(&answer), answer.texts("avsendersReferanse")),
        (vec!["KNYTTET".to_owned()], vec![theirs.clone()])
    );
    let answer = other.registered(&send(
        &neighbour(),
        &person(&duf, &line("1", "KORRIGER", "", &by_reference(&theirs), &course(&day(50), &day(100), "12"))),
    ));
    assert_eq!((results(&answer), of(&answer, 0).0), (vec!["KORRIGERT".to_owned()], next.clone()));
    // SETT: registers, corrects or leaves as it is; over what another wrote last only with the version it saw.
    let s = fresh("s");
    let sett = |fra: &str, timer: &str, post: &str| line("1", "SETT", &s, post, &course(fra, &day(200), timer));
    assert_eq!(results(&one(&sett(&day(150), "5", ""))), ["REGISTRERT"]);
    assert_eq!(results(&one(&sett(&day(150), "5", ""))), ["UENDRET"]);
    let answer = one(&sett(&day(150), "6", ""));
    assert_eq!((results(&answer), of(&answer, 0).1), (vec!["KORRIGERT".to_owned()], "2".to_owned()));
    let set = of(&answer, 0).0;
    other.registered(&send(
        &neighbour(),
        &person(&duf, &line("1", "KORRIGER", "", &post(&set, 2), &course(&day(150), &day(200), "7"))),
    ));
    client.rejected(&send(&head(), &person(&duf, &sett(&day(150), "8", ""))), &["NIR-K702"]);
    let seen = format!("<post><versjon>3</versjon><avsendersReferanse>{s}</avsendersReferanse></post>");
    assert_eq!(results(&one(&sett(&day(150), "8", &seen))), ["KORRIGERT"]);
    // ANNULLER: it never was; shown only to who asks for it.
    let answer = one(&line("1", "ANNULLER", "", &post(&set, 4), ""));
    assert_eq!((results(&answer), of(&answer, 0).1), (vec!["ANNULLERT".to_owned()], "5".to_owned()));
    let shown = client.accepted(&hent_person(&head(), &duf, ""));
    assert!(
        !shown.texts("postId").contains(&set) && shown.texts("annullert").iter().all(|told| told == "false"),
        "{shown}"
    );
    assert_eq!(posts().texts("annullert").iter().filter(|told| *told == "true").count(), 1);
    client.rejected(&send(&head(), &person(&duf, &line("1", "ANNULLER", "", &post(&set, 5), ""))), &["NIR-L803"]);
}

#[test]
fn later_lines_of_a_message_point_at_earlier_ones() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let duf = sandbox.unused("4204");
    let lines = registrer("a", "", &vedtak(&day(0), &day(0), &day(300)))
        + &registrer("b", "", &tiltak("NORSK_SAMF", "NS01", &day(0), &day(100), "25"))
        + &line(
            "c",
            "KORRIGER",
            "",
            "<post><registreringsId>b</registreringsId></post>",
            &tiltak("NORSK_SAMF", "NS01", &day(0), &day(90), "25"),
        );
    let answer = client.registered(&send(&head(), &person(&duf, &lines)));
    assert_eq!(answer.texts("resultat")[1..], ["REGISTRERT", "REGISTRERT", "KORRIGERT"], "{answer}");
    assert_eq!(answer.texts("registreringsId"), ["a", "b", "c"]);
    let (ids, versions) = (answer.texts("postId"), answer.texts("versjon"));
    assert_eq!((&ids[1], versions[2].as_str()), (&ids[2], "2"));
    // Two mentions of one person, and one transaksjon of each kind.
    for kind in ["ALT", "PER_PERSON"] {
        let duf = sandbox.unused("4204");
        let twice = person(&duf, &registrer("1", "", &vedtak(&day(0), &day(0), &day(300))))
            + &person(&duf, &registrer("2", "", &tiltak("NORSK_SAMF", "NS01", &day(0), &day(1), "25")));
        let answer = client.registered(&send_with(&head(), &format!("<transaksjon>{kind}</transaksjon>"), &twice));
        assert_eq!(answer.texts("dufNummer")[..2], [duf.clone(), duf], "{answer}");
    }
}
