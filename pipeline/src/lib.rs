//! What a chat command is and whether it may pass. Sees no socket, no SQL and no HTTP: the outside implements the
//! ports [`store`], [`bus`] and [`token`].
//!
//! Read [`pipeline`] first: it is the list of the stages, in order.

pub mod bus;
pub mod command;
pub mod daily;
pub mod event;
pub mod id;
pub mod json;
pub mod log_line;
pub mod meaning;
pub mod memory;
pub mod metrics;
pub mod moderation;
pub mod opinion;
pub mod rejection;
pub mod request;
pub mod room;
pub mod said_lately;
pub mod session;
pub mod stage;
pub mod store;
pub mod timestamp;
pub mod token;

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use plic_filter::Rules;
use tower::{Service, ServiceBuilder, util::BoxCloneSyncService};

use crate::{
    command::{Command, Reply},
    meaning::ReadsMeaning,
    memory::Memory,
    metrics::PipelineMetrics,
    moderation::Watch,
    opinion::SecondOpinion,
    rejection::Refused,
    request::{Inbound, Request},
    stage::{
        BoxDecision,
        auth::Auth,
        authorize::Authorize,
        ban::Ban,
        filter::Filter,
        layer,
        rate_limit::{RateLimit, WithinRate},
        refusal::RefusalLayer,
        structure::Structure,
    },
    store::Store,
};

/// The way of a command from the socket to the store; a clone is one more handle to the same stages.
pub type Pipeline = BoxCloneSyncService<Inbound, Reply, Refused>;

/// What the stages are made from.
pub struct Parts {
    /// Rooms, bans and messages.
    pub store: Arc<dyn Store>,
    /// The filter's rules.
    pub rules: Arc<Rules>,
    /// What senders said lately.
    pub memory: Memory,
    /// Takes notes: incidents, strikes, what rules did.
    pub watch: Arc<Watch>,
    /// What reads the meaning of texts.
    pub encoder: Option<Arc<dyn ReadsMeaning>>,
    /// Whom to ask where the classifier is not sure.
    pub second_opinion: Option<Arc<dyn SecondOpinion>>,
    /// The limit on each user's messages; whoever builds it calls [`RateLimit::forget_idle`] now and then.
    pub rate_limit: RateLimit,
    /// The longest message, in Unicode scalar values.
    pub max_message_chars: usize,
    /// Where stages are counted and timed.
    pub metrics: PipelineMetrics,
}

/// The stages in the order in which a command meets them. Each takes the proof of the one before it: to move one that
/// depends on another does not compile:
///
/// ```
/// # use std::sync::Arc;
/// # use plic_pipeline::{command::Reply, metrics::PipelineMetrics, rejection::Refused, request::Request, stage::*};
/// # fn is_service<S: tower::Service<Request<structure::WellFormed>>>(_: S) {}
/// # fn stack<N>(ban: ban::Ban, filter: filter::Filter, metrics: &PipelineMetrics, next: N)
/// # where N: tower::Service<Request<filter::Clean>, Response = Reply, Error = Refused> + Clone {
/// is_service(tower::ServiceBuilder::new().layer(layer(ban, metrics)).layer(layer(filter, metrics)).service(next));
/// # }
/// ```
///
/// ```compile_fail,E0277
/// # use std::sync::Arc;
/// # use plic_pipeline::{command::Reply, metrics::PipelineMetrics, rejection::Refused, request::Request, stage::*};
/// # fn is_service<S: tower::Service<Request<structure::WellFormed>>>(_: S) {}
/// # fn stack<N>(ban: ban::Ban, filter: filter::Filter, metrics: &PipelineMetrics, next: N)
/// # where N: tower::Service<Request<filter::Clean>, Response = Reply, Error = Refused> + Clone {
/// is_service(tower::ServiceBuilder::new().layer(layer(filter, metrics)).layer(layer(ban, metrics)).service(next));
/// # }
/// ```
pub fn pipeline(parts: Parts) -> Pipeline {
    let Parts {
        store,
        rules,
        memory,
        watch,
        encoder,
        second_opinion,
        rate_limit,
        max_message_chars,
        metrics,
    } = parts;
    let memory = Arc::new(memory);
    BoxCloneSyncService::new(
        ServiceBuilder::new()
            .layer(layer(Auth, &metrics))
            .layer(layer(Structure { max_message_chars }, &metrics))
            .layer(layer(Ban { store: Arc::clone(&store) }, &metrics))
            .layer(RefusalLayer {
                store: Arc::clone(&store),
                watch: Arc::clone(&watch),
                rate_limit: rate_limit.clone(),
            })
            .layer(layer(
                Filter { rules, memory: Arc::clone(&memory), watch, encoder, second_opinion },
                &metrics,
            ))
            .layer(layer(Authorize { store: Arc::clone(&store) }, &metrics))
            .layer(layer(rate_limit, &metrics))
            .service(Execute { store, memory }),
    )
}

/// Behind the last stage: carries the command out.
#[derive(Clone)]
struct Execute {
    store: Arc<dyn Store>,
    memory: Arc<Memory>,
}

impl Service<Request<WithinRate>> for Execute {
    type Response = Reply;
    type Error = Refused;
    type Future = BoxDecision<Reply>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<WithinRate>) -> Self::Future {
        let (store, memory) = (Arc::clone(&self.store), Arc::clone(&self.memory));
        Box::pin(async move {
            let Request { session, command, key, verdict, .. } = request;
            let temp_id = command.temp_id().clone();
            let answer = match command {
                Command::SendMessage(command) => {
                    command.apply(&session, key, verdict, &*store, &memory).await
                }
            };
            answer.map_err(|error| Refused { temp_id: Some(temp_id), rejection: error.into() })
        })
    }
}
