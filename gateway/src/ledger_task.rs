//! The ledger task: takes whatever is waiting, commits it as one batch, answers; while one batch commits
//! the next gathers (group commit with window 0, design.md 7).

use std::time::Duration;

use register::ledger::{Done, Job, Lane, LedgerError, Work};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::clock;
use crate::news::Heard;

/// The most jobs of one batch.
const BATCH: usize = 256;
/// The most registrations of one batch, unless one message alone has more: what a batch writes is held in memory, and
/// everybody in it waits for the last.
const REGISTRATIONS: usize = 500;
/// Signatures under answers that have left wait so long for a batch that they can join (design.md 9): a transaction of
/// their own would cost as much as a message.
const NOTES_WAIT: Duration = Duration::from_millis(100);

struct Entry {
    job: Job,
    done: Option<oneshot::Sender<Result<Done, LedgerError>>>,
}

/// The way into the ledger.
#[derive(Debug, Clone)]
pub struct Ledger {
    queue: mpsc::Sender<Entry>,
}

/// The thread that owns the lane; joined on shutdown after the last sender is gone.
#[derive(Debug)]
pub struct LedgerThread(std::thread::JoinHandle<()>);

impl Ledger {
    /// Starts the task on a thread of its own, so that deciding and rendering never hold up the network.
    pub fn start(mut lane: Lane, queue_length: usize, heard: Heard) -> anyhow::Result<(Self, LedgerThread)> {
        let (queue, mut waiting) = mpsc::channel::<Entry>(queue_length);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("ledger".into()).spawn(move || {
            runtime.block_on(async {
                let mut entries = Vec::with_capacity(BATCH);
                while gather(&mut waiting, &mut entries).await {
                    let length = batch_length(entries.iter().map(|entry| registrations(&entry.job)));
                    let (jobs, waiters): (Vec<_>, Vec<_>) = entries.drain(..length).map(|e| (e.job, e.done)).unzip();
                    metrics::histogram!("nir_ledger_batch_jobs").record(jobs.len() as f64);
                    let outcomes = lane.commit(&jobs, clock::now()).await;
                    heard.committed(lane.take_heard());
                    for (waiter, outcome) in waiters.into_iter().zip(outcomes) {
                        // A caller that acknowledges too much is told so (I906), and a stream that another took is another's, a
                        // source that is held waits; nothing of ours has failed.
                        if let Err(error) = &outcome
                            && !matches!(
                                error,
                                LedgerError::BeyondHandedOut | LedgerError::Fenced | LedgerError::SourceHeld
                            )
                        {
                            tracing::error!(event = "ledger_job_failed", %error);
                            metrics::counter!("nir_ledger_jobs_failed_total").increment(1);
                        }
                        if let Some(waiter) = waiter {
                            // The caller hung up: the effect stands and a repeat gets the stored answer.
                            let _ = waiter.send(outcome);
                        }
                    }
                }
                if let Err(error) = lane.close(clock::now()).await {
                    tracing::error!(event = "ledger_close_failed", %error);
                }
            });
        })?;
        Ok((Ledger { queue }, LedgerThread(thread)))
    }

    /// Hands in a job and waits for its commit. `None` when the ledger has stopped.
    pub async fn commit(&self, job: Job) -> Option<Result<Done, LedgerError>> {
        let (done, wait) = oneshot::channel();
        self.queue.send(Entry { job, done: Some(done) }).await.ok()?;
        wait.await.ok()
    }

    /// Hands in a job that nobody waits for (the signature under an answer).
    pub async fn note(&self, job: Job) {
        if self.queue.send(Entry { job, done: None }).await.is_err() {
            tracing::warn!(event = "ledger_stopped", "a signature row was not written");
        }
    }

    /// True once the task has ended.
    pub fn is_stopped(&self) -> bool {
        self.queue.is_closed()
    }

    /// Jobs waiting now.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

/// Adds what is waiting to what is left; `false` once nothing is left and nothing can come.
async fn gather(waiting: &mut mpsc::Receiver<Entry>, entries: &mut Vec<Entry>) -> bool {
    if entries.is_empty() && waiting.recv_many(entries, BATCH).await == 0 {
        return false;
    }
    while entries.len() < BATCH
        && let Ok(entry) = waiting.try_recv()
    {
        entries.push(entry);
    }
    let until = Instant::now() + NOTES_WAIT;
    while entries.len() < BATCH && entries.iter().all(|entry| entry.done.is_none()) {
        match timeout_at(until, waiting.recv_many(entries, BATCH - entries.len())).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => break,
        }
    }
    true
}

fn registrations(job: &Job) -> usize {
    match &job.work {
        Work::Register(command) => command.persons.iter().map(|person| person.lines.len()).sum(),
        _ => 0,
    }
}

/// How many of the jobs, by the registrations of each, are one batch: as many as are within the limit, and at least one.
fn batch_length(registrations: impl Iterator<Item = usize>) -> usize {
    let mut sum = 0;
    let within = registrations.take_while(|own| {
        sum += own;
        sum <= REGISTRATIONS
    });
    within.count().max(1)
}

impl LedgerThread {
    /// Waits for the last batch and the closing checkpoint.
    pub async fn join(self) {
        let joined = tokio::task::spawn_blocking(move || self.0.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!(event = "ledger_panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_ends_where_its_registrations_would_be_too_many() {
        for (waiting, length) in [
            (vec![1, 0, 1], 3),
            (vec![0; BATCH], BATCH),
            (vec![REGISTRATIONS, 0, 1], 2),
            (vec![REGISTRATIONS - 1, 1, 1], 2),
            (vec![1, REGISTRATIONS, 1], 1),
            (vec![2 * REGISTRATIONS, 1], 1),
        ] {
            assert_eq!(batch_length(waiting.iter().copied()), length, "{waiting:?}");
        }
    }
}
