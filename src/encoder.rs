//! Runs the encoder: off the threads that serve, by at most so many threads at once, for at most so long.
//!
//! A text that would wait for too long, or for which too many wait, is judged by the linear stage alone, and counted.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use plic_encoder::{Encoder, EncoderError};
use plic_filter::{Asks, Meaning, reading};
use plic_pipeline::meaning::ReadsMeaning;
use tokio::{sync::Semaphore, time::timeout_at};

use crate::{
    breaker::Breaker,
    metrics::{EncoderMetrics, EncoderOutcome},
};

/// Texts that may wait for each thread.
const WAITING: usize = 16;
/// How often the log says that the encoder is not asked.
const TOLD_EVERY: Duration = Duration::from_secs(30);
/// Where a model is looked for where no setting names one: beside the program, and in a checkout.
const FILE: &str = "plic-encoder.bin";

/// What the pool runs.
type Reads = dyn Fn(&str) -> Result<Meaning, EncoderError> + Send + Sync;

/// Asks one encoder.
pub struct EncoderPool {
    model: String,
    reads: Arc<Reads>,
    /// Texts that are read.
    running: Arc<Semaphore>,
    /// Those, and the ones that wait.
    places: Arc<Semaphore>,
    deadline: Duration,
    breaker: Breaker,
    metrics: EncoderMetrics,
}

impl EncoderPool {
    /// Reads at most `threads` texts at once, each no later than after `deadline`.
    pub fn new(encoder: Encoder, threads: usize, deadline: Duration, metrics: EncoderMetrics) -> Self {
        let model = encoder.hash().to_owned();
        Self::of(model, Arc::new(move |text| encoder.meaning(&reading(text))), threads, deadline, metrics)
    }

    fn of(
        model: String,
        reads: Arc<Reads>,
        threads: usize,
        deadline: Duration,
        metrics: EncoderMetrics,
    ) -> Self {
        Self {
            model,
            reads,
            running: Arc::new(Semaphore::new(threads.min(Semaphore::MAX_PERMITS))),
            places: Arc::new(Semaphore::new(threads.saturating_mul(1 + WAITING).min(Semaphore::MAX_PERMITS))),
            deadline,
            breaker: Breaker::default(),
            metrics,
        }
    }

    async fn read(&self, text: &str, asks: Asks) -> Result<Meaning, EncoderOutcome> {
        let asked = Instant::now();
        let by = (asked + self.deadline).into();
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| EncoderOutcome::Full)?;
        let running = Arc::clone(&self.running);
        let turn = if asks == Asks::WhenIdle {
            running.try_acquire_owned().map_err(|_| EncoderOutcome::Busy)?
        } else {
            // Many that wait are no failure of the encoder.
            let turn = timeout_at(by, running.acquire_owned()).await.map_err(|_| EncoderOutcome::Late)?;
            turn.map_err(|_| EncoderOutcome::Away)?
        };
        // The one question that is let through after a pause must be put, so it is asked with the turn in hand.
        if !self.breaker.lets_through(Instant::now()) {
            return Err(EncoderOutcome::Away);
        }
        let (reads, text) = (Arc::clone(&self.reads), text.to_owned());
        let read = tokio::task::spawn_blocking(move || {
            // Held to the end, also where nobody waits any longer.
            let _held = (place, turn);
            reads(&text)
        });
        let read = timeout_at(by, read).await.map_err(|_| {
            self.breaker.failed(Instant::now());
            EncoderOutcome::Late
        })?;
        match read {
            Ok(Ok(meaning)) => {
                self.breaker.succeeded();
                self.metrics.read(asked.elapsed());
                Ok(meaning)
            }
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(panicked) => Err(self.failed(&panicked)),
        }
    }

    fn failed(&self, error: &(dyn std::error::Error + 'static)) -> EncoderOutcome {
        self.breaker.failed(Instant::now());
        plic_pipeline::log_limited!(ERROR, error: error, "the encoder failed: the linear stage decides");
        EncoderOutcome::Failed
    }
}

#[async_trait]
impl ReadsMeaning for EncoderPool {
    async fn meaning(&self, text: &str, asks: Asks) -> Option<Meaning> {
        if asks == Asks::Never {
            return None;
        }
        let read = self.read(text, asks).await;
        let outcome = *read.as_ref().err().unwrap_or(&EncoderOutcome::Read);
        self.metrics.count(outcome);
        if !matches!(outcome, EncoderOutcome::Read | EncoderOutcome::Busy | EncoderOutcome::Failed) {
            plic_pipeline::log_limited!(
                WARN,
                every: TOLD_EVERY,
                class: outcome.as_str(),
                outcome = outcome.as_str(),
                "the encoder gave no answer: the linear stage decides"
            );
        }
        read.ok()
    }

    fn model(&self) -> &str {
        &self.model
    }
}

/// The file of the encoder: the one that a setting names, or else the first that is there of those beside the program
/// and in a checkout.
pub fn file(named: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = named {
        return Some(path.to_owned());
    }
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join(FILE)));
    let checkout = Path::new("encoder").join(FILE);
    beside.into_iter().chain([checkout]).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::metrics::Metrics;

    const LONG: Duration = Duration::from_mins(10);

    fn pool(
        deadline: Duration,
        reads: impl Fn(&str) -> Result<Meaning, EncoderError> + Send + Sync + 'static,
    ) -> EncoderPool {
        EncoderPool::of("model".to_owned(), Arc::new(reads), 1, deadline, Metrics::new().encoder)
    }

    const MEANING: Meaning = Meaning::new([1.0; 6]);

    /// A pool whose reads wait to be let go, one for each message.
    fn held(deadline: Duration) -> (mpsc::Sender<()>, Arc<EncoderPool>) {
        let (go, waits) = mpsc::channel();
        let waits = std::sync::Mutex::new(waits);
        let reads = move |_: &str| {
            waits.lock().expect("not poisoned").recv().ok();
            Ok(MEANING)
        };
        (go, Arc::new(pool(deadline, reads)))
    }

    #[tokio::test]
    async fn a_text_is_read() {
        let pool = pool(LONG, |text| if text == "a" { Ok(MEANING) } else { Err(EncoderError::OtherShape) });
        assert_eq!(pool.meaning("a", Asks::WhenIdle).await, Some(MEANING));
        assert_eq!(pool.read("b", Asks::Unsure).await, Err(EncoderOutcome::Failed));
        assert_eq!(pool.meaning("a", Asks::Never).await, None);
    }

    #[tokio::test]
    async fn what_seems_ordinary_does_not_wait_and_what_is_unsure_waits_in_bounds() {
        let (go, pool) = held(LONG);
        let mut waiting = Vec::new();
        for _ in 0..=WAITING {
            let pool = Arc::clone(&pool);
            waiting.push(tokio::spawn(async move { pool.read("unsure", Asks::Unsure).await }));
            tokio::task::yield_now().await;
        }
        while pool.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.read("one more", Asks::Unsure).await, Err(EncoderOutcome::Full));
        for _ in 0..=WAITING {
            go.send(()).expect("somebody waits");
        }
        for read in waiting {
            assert!(read.await.expect("no panic").is_ok());
        }
        drop(go);
        assert!(pool.read("again", Asks::WhenIdle).await.is_ok(), "every place is given back");
    }

    #[tokio::test]
    async fn while_one_is_read_another_that_seems_ordinary_is_not() {
        let (go, pool) = held(LONG);
        let reading = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.read("first", Asks::WhenIdle).await }
        });
        while pool.running.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.read("second", Asks::WhenIdle).await, Err(EncoderOutcome::Busy));
        drop(go);
        assert!(reading.await.expect("no panic").is_ok());
    }

    #[tokio::test]
    async fn a_busy_pool_does_not_use_up_the_question_that_ends_a_pause() {
        let (go, pool) = held(LONG);
        let turn = pool.running.try_acquire().expect("nothing runs");
        let long_ago =
            Instant::now().checked_sub(Duration::from_mins(1)).expect("the machine runs for longer");
        for _ in 0..5 {
            pool.breaker.failed(long_ago);
        }
        assert_eq!(pool.read("while one runs", Asks::WhenIdle).await, Err(EncoderOutcome::Busy));
        drop((turn, go));
        assert!(pool.read("the one question", Asks::WhenIdle).await.is_ok());
    }

    #[tokio::test]
    async fn a_deadline_passes_and_after_some_nothing_is_asked() {
        let (go, pool) = held(Duration::from_millis(1));
        for _ in 0..5 {
            assert_eq!(pool.read("late", Asks::Unsure).await, Err(EncoderOutcome::Late));
            go.send(()).expect("somebody waits");
            while pool.running.available_permits() == 0 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(pool.read("away", Asks::Unsure).await, Err(EncoderOutcome::Away));
    }

    #[tokio::test]
    async fn many_that_wait_too_long_do_not_switch_the_encoder_off() {
        let (go, pool) = held(Duration::from_millis(1));
        let turn = pool.running.try_acquire().expect("nothing runs");
        for _ in 0..10 {
            assert_eq!(pool.read("waits", Asks::Unsure).await, Err(EncoderOutcome::Late));
        }
        assert!(pool.breaker.lets_through(Instant::now()));
        drop((turn, go));
    }
}
