//! What the clients send, as data that both libraries take, and what they give back, read alike.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::foreign::Client;

/// Stream of the avsendersystem that sends.
pub const STREAM: &str = "4204-flyktning-1.1";

/// Arguments of `ping`.
pub fn ping() -> Value {
    json!({"forespoersel": {"kontraktversjon": "1.0"}})
}

/// When it is, by the gateway's own clock.
pub fn now(client: &mut Client) -> String {
    text(&client.answer("ping", &ping())["tid"]).to_owned()
}

/// A `meldingshode`.
pub fn head(id: &str, now: &str) -> Value {
    json!({
        "meldingsId": id, "kontraktversjon": "1.0", "avsendersystem": "4204-flyktning-1", "kommunenummer": "4204",
        "overfoeringsbruker": "4204-OVERF1", "fagsystem": {"navn": "Prøvefagsystem", "versjon": "1.0"}, "opprettet": now,
    })
}

/// Arguments of a read; `more` are its other elements, in any order.
pub fn read(id: &str, now: &str, more: &Value) -> Value {
    let mut all = json!({ "meldingshode": head(id, now) });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "forespoersel": all })
}

/// Arguments of `sendRegistreringer`: a decision of this many days ago, and a measure of the month from today.
pub fn registration(id: &str, now: &str, duf: &str, days_ago: u64) -> Value {
    let today: NaiveDate = now[..10].parse().unwrap();
    let day = |offset: u64| today + Days::new(offset);
    let decided = today - Days::new(days_ago);
    let line = |id: &str, reference: &str, innhold: Value| json!({"registreringsId": id, "handling": "REGISTRER", "avsendersReferanse": reference, "innhold": innhold});
    let vedtak = json!({"vedtak": {
        "ordning": "INTRO", "vedtakstype": "INNVILGELSE", "vedtaksdato": decided, "startDato": decided, "sluttDato": day(300),
        "saksreferanse": "blåbær & æsj <2026/1>",
    }});
    let tiltak = json!({"tiltak": {
        "ordning": "INTRO", "tiltaksgruppe": "NORSK_SAMF", "tiltakstype": "NS01", "fraDato": day(0), "tilDato": day(30),
        "timerPerUke": "37.5",
    }});
    let lines = [line("1", &format!("vedtak/{duf}"), vedtak), line("2", &format!("tiltak/{duf}"), tiltak)];
    let person = json!({"dufNummer": duf, "registrering": lines});
    json!({"melding": {"meldingshode": head(id, now), "person": [person]}})
}

/// A value's text: one library reads numbers as numbers, the other as text.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// A number.
pub fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| text(value).parse().unwrap())
}

/// A repeated element: one library gives a single one without a list around it.
pub fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(all) => all.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// postId and versjon of every post of a receipt.
pub fn posts(receipt: &Value) -> Vec<(String, i64)> {
    let lines = list(&receipt["person"]).into_iter().flat_map(|person| list(&person["registrering"]));
    lines.filter(|line| line.get("post").is_some_and(|post| !post.is_null())).map(|line| post(&line["post"])).collect()
}

/// postId and versjon of a post, in a receipt or read.
pub fn post(post: &Value) -> (String, i64) {
    (text(&post["postId"]).to_owned(), number(&post["versjon"]))
}
