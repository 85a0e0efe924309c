//! Which messages this node is working on: who asks for the receipt of one meanwhile is told so (contract.md 5,
//! `hentKvittering`). Another node does not know, and says IKKE_MOTTATT; sending again is right in either case.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

type Counts = Mutex<HashMap<(String, String), u32>>;

/// Avsendersystem and meldingsId of every message in work; copies of one are counted.
#[derive(Debug, Clone, Default)]
pub struct InWork(Arc<Counts>);

/// One message; no longer in work when it is dropped.
#[derive(Debug)]
pub struct Working {
    all: Arc<Counts>,
    message: (String, String),
}

impl InWork {
    /// From now on.
    pub fn begin(&self, avsendersystem: &str, meldings_id: &str) -> Working {
        let message = (avsendersystem.to_owned(), meldings_id.to_owned());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(message.clone()).or_default() += 1;
        Working { all: Arc::clone(&self.0), message }
    }

    /// Whether it is in work.
    pub fn has(&self, avsendersystem: &str, meldings_id: &str) -> bool {
        let message = (avsendersystem.to_owned(), meldings_id.to_owned());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&message)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.message) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_counted_and_avsendersystemer_do_not_meet() {
        let all = InWork::default();
        let (one, copy) = (all.begin("a", "1"), all.begin("a", "1"));
        drop(one);
        assert!(all.has("a", "1") && !all.has("b", "1") && !all.has("a", "2"));
        drop(copy);
        assert!(!all.has("a", "1"));
    }
}
