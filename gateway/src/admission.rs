//! Admission: what is let in before a body is read, so that a full house answers at once with 503 and
//! `Retry-After`, and one looping sender cannot take every seat (design.md 3).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The named limits of admission.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionLimits {
    /// Requests in work over all senders.
    pub in_flight: usize,
    /// Requests in work for one sender (its TLS organization).
    pub in_flight_per_sender: usize,
    /// Request bytes held in memory over all requests.
    pub request_bytes: usize,
}

/// Bytes are counted in units of this size.
const UNIT: usize = 1024;

/// Seats and memory.
#[derive(Debug)]
pub struct Admission {
    seats: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    per_sender: Mutex<HashMap<String, Arc<Semaphore>>>,
    limits: AdmissionLimits,
}

/// A seat; both counts are given back when it is dropped.
#[derive(Debug)]
pub struct Seat {
    _house: OwnedSemaphorePermit,
    _sender: OwnedSemaphorePermit,
}

/// What a request holds while it is in work.
#[derive(Debug)]
pub struct Held {
    /// Whose seat it is.
    pub sender: String,
    /// The seat; given up while the request waits for news.
    pub seat: Option<Seat>,
    /// Memory for its body.
    pub memory: Vec<OwnedSemaphorePermit>,
}

/// Why a request was not let in. All are answered by NIR-T104 with `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The house is full.
    House,
    /// This sender has its share in work.
    Sender,
    /// The memory for request bodies is taken.
    Bytes,
}

impl Admission {
    /// An empty house.
    pub fn new(limits: AdmissionLimits) -> Self {
        Admission {
            seats: Arc::new(Semaphore::new(limits.in_flight)),
            bytes: Arc::new(Semaphore::new(limits.request_bytes / UNIT)),
            per_sender: Mutex::new(HashMap::new()),
            limits,
        }
    }

    fn of_sender(&self, sender: &str) -> Arc<Semaphore> {
        let mut all = self.per_sender.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > 10_000 {
            // Senders with nothing in work need no row; this bounds the table.
            all.retain(|_, seats| Arc::strong_count(seats) > 1);
        }
        let fresh = || Arc::new(Semaphore::new(self.limits.in_flight_per_sender));
        Arc::clone(all.entry(sender.to_owned()).or_insert_with(fresh))
    }

    /// Waits for a seat: for a request that was let in, gave its seat up while it waited for news, and goes on.
    pub async fn seat_again(&self, sender: &str) -> Option<Seat> {
        let sender = self.of_sender(sender).acquire_owned().await.ok()?;
        let house = Arc::clone(&self.seats).acquire_owned().await.ok()?;
        Some(Seat { _house: house, _sender: sender })
    }

    /// Takes a seat for the sender, or says which limit is reached.
    pub fn seat(&self, sender: &str) -> Result<Seat, Full> {
        let sender = self.of_sender(sender).try_acquire_owned().map_err(|_| Full::Sender)?;
        let house = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| Full::House)?;
        Ok(Seat { _house: house, _sender: sender })
    }

    /// Takes memory for so many bytes.
    pub fn bytes(&self, count: usize) -> Result<OwnedSemaphorePermit, Full> {
        let units = u32::try_from(count.div_ceil(UNIT).max(1)).map_err(|_| Full::Bytes)?;
        Arc::clone(&self.bytes).try_acquire_many_owned(units).map_err(|_| Full::Bytes)
    }

    /// Requests in work now.
    pub fn in_flight(&self) -> usize {
        self.limits.in_flight.saturating_sub(self.seats.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sender_cannot_take_every_seat() {
        let house = Admission::new(AdmissionLimits { in_flight: 3, in_flight_per_sender: 2, request_bytes: 4096 });
        let first = house.seat("a").unwrap();
        let _second = house.seat("a").unwrap();
        assert_eq!(house.seat("a").err(), Some(Full::Sender));
        let _other = house.seat("b").unwrap();
        assert_eq!(house.seat("b").err(), Some(Full::House));
        drop(first);
        assert!(house.seat("b").is_ok());
    }

    #[test]
    fn request_bytes_are_counted_over_all_requests() {
        let house = Admission::new(AdmissionLimits { in_flight: 9, in_flight_per_sender: 9, request_bytes: 4096 });
        let most = house.bytes(3000).unwrap();
        assert_eq!(house.bytes(2000).err(), Some(Full::Bytes));
        drop(most);
        assert!(house.bytes(4096).is_ok());
    }
}
