//! The bounded pool for CPU work: parsing, verification, validation and signing never run on the async threads.

use tokio::sync::oneshot;

/// One worker per core; work is taken first come, first served, which keeps the tail short.
#[derive(Debug)]
pub struct Pool(rayon::ThreadPool);

/// The work panicked; the message gets NIR-I901 and nothing else is touched.
#[derive(Debug, thiserror::Error)]
#[error("a worker panicked")]
pub struct WorkerPanicked;

impl Pool {
    /// A pool of so many workers; 0 means one per core.
    pub fn new(workers: usize) -> anyhow::Result<Self> {
        Ok(Pool(
            rayon::ThreadPoolBuilder::new()
                .num_threads(workers)
                .thread_name(|n| format!("work-{n}"))
                .panic_handler(|_| metrics::counter!("nir_worker_panics_total").increment(1))
                .build()?,
        ))
    }

    /// Runs the work on the pool and waits for it without holding an async thread.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, WorkerPanicked> {
        let (done, wait) = oneshot::channel();
        self.0.spawn(move || {
            // The receiver is gone only when the connection was dropped; the result is then of no use.
            let _ = done.send(work());
        });
        wait.await.map_err(|_| WorkerPanicked)
    }
}
