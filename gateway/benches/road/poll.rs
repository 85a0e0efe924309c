//! A fagsystem that polls: its next call waits as soon as the answer to the last one has been read.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::seal::seal;

use crate::callers::{Sender, connect, exchange, http};
use crate::client;
use crate::house::House;
use crate::lag::{READER, STREAM, SYSTEM, Traffic};
use crate::messages;
use crate::steps;

/// How old the oldest change of each answer was when all of it had been read.
pub fn lags(house: &House, sender: &mut Sender<'_>, traffic: Traffic<'_>) -> Vec<Duration> {
    let reader = Reader::new(house);
    let (done, begun) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let poll = scope.spawn(|| reader.read_on(&done, &begun));
        // It reads what is there already before anything is measured.
        while !begun.load(Ordering::Relaxed) && !poll.is_finished() {
            std::thread::sleep(Duration::from_millis(5));
        }
        traffic.run(sender);
        done.store(true, Ordering::Relaxed);
        // What ends the last poll.
        traffic.one_more(sender);
        poll.join().expect("a reader")
    })
}

/// A fagsystem that polls.
struct Reader<'a> {
    house: &'a House,
    signer: nir_wsdl::seal::Signer,
}

impl<'a> Reader<'a> {
    fn new(house: &'a House) -> Self {
        Reader { house, signer: steps::signer(&house.certs(), READER) }
    }

    /// Polls until told that nothing more comes.
    fn read_on(&self, done: &AtomicBool, begun: &AtomicBool) -> Vec<Duration> {
        let mut stream = connect(client::tls(&self.house.certs(), Some(READER)), self.house.node.port);
        let (mut after, mut lags, mut caught_up) = (0_i64, Vec::new(), false);
        while !done.load(Ordering::Relaxed) {
            let head = messages::head().from(SYSTEM, "4204", "4204-SUPER1");
            let wait = "<antall>1000</antall><ventSekunder>5</ventSekunder>";
            let payload = messages::hent_endringer(&head, STREAM, after, wait);
            let sealed = seal(SoapVersion::V11, payload.as_bytes(), Some(&self.signer), client::now(), None, None);
            let answer = exchange(&mut stream, &http(&sealed.bytes));
            let arrived = client::now();
            let value = |name: &str, from: Option<&str>| -> Option<String> {
                let text = from?.split_once(&format!("<{name}>"))?.1;
                Some(text.split_once('<')?.0.to_owned())
            };
            let newest = answer.rsplit_once("<endring>").map(|(_, last)| last);
            let Some(number) = value("sekvensnummer", newest) else {
                assert!(answer.contains("hentEndringerSvar"), "{answer}");
                caught_up = true;
                begun.store(true, Ordering::Relaxed);
                continue;
            };
            after = number.parse().expect("a number");
            let recorded: DateTime<FixedOffset> =
                value("registrert", Some(&answer)).expect("a time").parse().expect("a time");
            // What was there before it began is no news.
            if caught_up {
                lags.push((arrived - recorded.to_utc()).to_std().unwrap_or_default());
            }
            caught_up |= answer.contains("<flere>false</flere>");
            begun.store(caught_up, Ordering::Relaxed);
        }
        lags
    }
}
