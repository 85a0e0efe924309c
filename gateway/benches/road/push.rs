//! A fagsystem that hosts NirMottak: it verifies and signs as it should, in the bench's own process.

use std::time::Duration;

use crate::callers::Sender;
use crate::client::Client;
use crate::house::House;
use crate::lag::{READER, STREAM, SYSTEM, Traffic};
use crate::messages;
use crate::receiver::Receiver;

/// How old the oldest change of each delivery was when all of it had been read.
pub fn lags(house: &House, sender: &mut Sender<'_>, traffic: Traffic<'_>) -> Vec<Duration> {
    let receiver = Receiver::start(&house.certs(), READER);
    house.approve(SYSTEM, &receiver.url());
    // What was there before it began is no news.
    receiver.has(last(house));
    let before = receiver.arrivals().len();
    traffic.run(sender);
    receiver.has(last(house));
    receiver.is_sound();
    let arrivals = receiver.arrivals();
    let news = arrivals.iter().skip(before);
    news.map(|(arrived, recorded)| (*arrived - *recorded).to_std().unwrap_or_default()).collect()
}

/// The last number of the stream.
fn last(house: &House) -> i64 {
    let head = messages::head().from(SYSTEM, "4204", "4204-SUPER1");
    let page = messages::hent_endringer(&head, STREAM, 0, "<antall>1</antall>");
    let answer = Client::new(&house.node, READER).accepted(&page);
    answer.text("sisteSekvensnummer").expect("a number").parse().expect("a number")
}
