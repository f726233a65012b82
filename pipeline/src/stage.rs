//! The one adapter from a [`Stage`] to a tower `Layer` and `Service`: it spans, counts and times every stage alike.

pub mod auth;
pub mod authorize;
pub mod ban;
pub mod filter;
pub mod rate_limit;
pub mod refusal;
pub mod structure;

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use pin_project_lite::pin_project;
use tower::{Layer, Service, ServiceExt, util::Oneshot};

use crate::{
    command::Reply,
    metrics::{PipelineMetrics, StageMetrics},
    rejection::Refused,
};

/// A step that lets a request pass, turned into the next step's request, or refuses it.
pub trait Stage<In>: Send + Sync + 'static {
    /// The stage's name in metrics and spans.
    const NAME: &'static str;
    /// What the next stage is given.
    type Out;
    /// [`std::future::Ready`] where the stage waits for nothing; boxed where it does.
    type Decision: Future<Output = Result<Self::Out, Refused>> + Send;

    /// Decides about `request`.
    fn decide(self: &Arc<Self>, request: In) -> Self::Decision;
}

/// A future on the heap, for the stages that wait.
pub type BoxDecision<T> = Pin<Box<dyn Future<Output = Result<T, Refused>> + Send>>;

/// Puts a stage before whatever it is layered on.
pub struct StageLayer<S> {
    stage: Arc<S>,
    metrics: StageMetrics,
}

/// The layer of `stage`, counted and timed under its name.
pub fn layer<S: Stage<In>, In>(stage: S, metrics: &PipelineMetrics) -> StageLayer<S> {
    StageLayer { stage: Arc::new(stage), metrics: metrics.stage(S::NAME) }
}

impl<S, N> Layer<N> for StageLayer<S> {
    type Service = StageService<S, N>;

    fn layer(&self, next: N) -> Self::Service {
        let (stage, metrics) = (Arc::clone(&self.stage), self.metrics.clone());
        StageService(Arc::new(Step { stage, metrics, next }))
    }
}

/// A stage and what comes after it. A clone is one reference, however much comes after it.
pub struct StageService<S, N>(Arc<Step<S, N>>);

struct Step<S, N> {
    stage: Arc<S>,
    metrics: StageMetrics,
    next: N,
}

impl<S, N> Clone for StageService<S, N> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S, N, In> Service<In> for StageService<S, N>
where
    S: Stage<In>,
    N: Service<S::Out, Response = Reply, Error = Refused> + Clone,
{
    type Response = Reply;
    type Error = Refused;
    type Future = StageFuture<S, In, N>;

    /// A stage takes whatever comes; whether the next one is ready is asked when it is its turn.
    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: In) -> Self::Future {
        let span = tracing::trace_span!("stage", name = S::NAME);
        let started = Instant::now();
        let decision = span.in_scope(|| self.0.stage.decide(request));
        StageFuture {
            state: State::Deciding { decision, step: Arc::clone(&self.0), started, span },
            input: PhantomData,
        }
    }
}

pin_project! {
    /// The future of a [`StageService`]: first the stage's decision, then the rest of the pipeline.
    pub struct StageFuture<S, In, N>
    where
        S: Stage<In>,
        N: Service<S::Out>,
    {
        #[pin]
        state: State<S::Decision, Arc<Step<S, N>>, Oneshot<N, S::Out>>,
        input: PhantomData<fn(In)>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<D, P, F> {
        Deciding { #[pin] decision: D, step: P, started: Instant, span: tracing::Span },
        Passed { #[pin] rest: F },
    }
}

impl<S, In, N> Future for StageFuture<S, In, N>
where
    S: Stage<In>,
    N: Service<S::Out, Response = Reply, Error = Refused> + Clone,
{
    type Output = Result<Reply, Refused>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Deciding { decision, step, started, span } => {
                    let decided = {
                        let _entered = span.enter();
                        ready!(decision.poll(context))
                    };
                    step.metrics.record(decided.is_ok(), started.elapsed());
                    let rest = step.next.clone().oneshot(decided?);
                    this.state.set(State::Passed { rest });
                }
                StateProjection::Passed { rest } => return rest.poll(context),
            }
        }
    }
}
