//! The bounded pool for CPU work: parsing, verification, validation and signing never run on the async threads.

use std::collections::VecDeque;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// One worker per core; work is taken first come, first served, which keeps the tail short.
///
/// A worker without work sleeps at once. One that looks around for some time first, as pools for short parallel work do,
/// takes a tenth of its CPU from the ledger and the database beside it.
#[derive(Debug)]
pub struct Pool {
    queue: Arc<Queue>,
    /// Each ends once the pool is gone and nothing is left to do.
    workers: Vec<JoinHandle<()>>,
}

/// The work panicked; the message gets NIR-I901 and nothing else is touched.
#[derive(Debug, thiserror::Error)]
#[error("a worker panicked")]
pub struct WorkerPanicked;

type Work = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    news: Condvar,
}

#[derive(Default)]
struct Waiting {
    work: VecDeque<Work>,
    closed: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queue")
    }
}

impl Queue {
    /// No work runs while the lock is held, so nothing can be left half done in it.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next work; `None` once the pool is gone and nothing is left.
    fn next(&self) -> Option<Work> {
        let idle = |waiting: &mut Waiting| waiting.work.is_empty() && !waiting.closed;
        let waiting = self.news.wait_while(self.lock(), idle);
        waiting.unwrap_or_else(PoisonError::into_inner).work.pop_front()
    }
}

impl Pool {
    /// A pool of so many workers; 0 means one per core.
    pub fn new(workers: usize) -> anyhow::Result<Self> {
        let workers = NonZero::new(workers).map_or_else(std::thread::available_parallelism, Ok)?;
        let mut pool = Pool { queue: Arc::default(), workers: Vec::new() };
        for n in 0..workers.get() {
            let queue = Arc::clone(&pool.queue);
            let worker = std::thread::Builder::new().name(format!("work-{n}")).spawn(move || {
                while let Some(work) = queue.next() {
                    work();
                }
            });
            pool.workers.push(worker?);
        }
        Ok(pool)
    }

    /// Runs the work on the pool and waits for it without holding an async thread.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, WorkerPanicked> {
        let (done, wait) = oneshot::channel();
        let work = move || match catch_unwind(AssertUnwindSafe(work)) {
            // The receiver is gone only when the connection was dropped; the result is then of no use.
            Ok(result) => drop(done.send(result)),
            Err(_) => metrics::counter!("nir_worker_panics_total").increment(1),
        };
        self.queue.lock().work.push_back(Box::new(work));
        self.queue.news.notify_one();
        wait.await.map_err(|_| WorkerPanicked)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.news.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn one_worker_takes_work_in_the_order_it_came() {
        let pool = Pool::new(1).unwrap();
        let (done, mut order) = mpsc::unbounded_channel();
        let all = (0..50).map(|n| {
            let done = done.clone();
            pool.run(move || done.send(n).unwrap())
        });
        for result in futures(all).await {
            result.unwrap();
        }
        drop(done);
        for n in 0..50 {
            assert_eq!(order.recv().await, Some(n));
        }
    }

    /// Polls each in turn, so that all of them are handed in before the first is done.
    async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
        let mut waiting: Vec<_> = all.map(Box::pin).collect();
        let mut results = Vec::new();
        std::future::poll_fn(|context| {
            waiting.retain_mut(|one| match one.as_mut().poll(context) {
                std::task::Poll::Ready(result) => {
                    results.push(result);
                    false
                }
                std::task::Poll::Pending => true,
            });
            if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        results
    }

    #[tokio::test]
    async fn work_that_panics_takes_nothing_with_it() {
        let pool = Pool::new(1).unwrap();
        assert!(pool.run(|| -> u8 { unreachable!("a rule that never was") }).await.is_err());
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn workers_end_with_their_pool() {
        let mut pool = Pool::new(2).unwrap();
        let workers = std::mem::take(&mut pool.workers);
        assert_eq!(workers.len(), 2);
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
        drop(pool);
        tokio::task::spawn_blocking(|| workers.into_iter().for_each(|worker| worker.join().unwrap())).await.unwrap();
    }
}
