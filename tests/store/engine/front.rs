//! A store bare, or with the cache before it.

use std::sync::Arc;

use plic_chat::store::{Cached, Writers};
use plic_pipeline::{moderation::Records, said_lately::SaidLately, store::Store};

use super::Kept;

pub(crate) enum Front<S> {
    Bare(Arc<S>),
    Cached(Arc<Cached<S>>),
}

impl<S: Store + Records + SaidLately + 'static> Front<S> {
    pub(crate) fn new(store: S, is_cached: bool) -> Self {
        if is_cached {
            Self::Cached(Arc::new(Cached::new(store, Writers::ThisProcess)))
        } else {
            Self::Bare(Arc::new(store))
        }
    }

    pub(crate) fn kept(&self) -> Arc<dyn Kept> {
        match self {
            Self::Bare(store) => Arc::clone(store) as Arc<dyn Kept>,
            Self::Cached(store) => Arc::clone(store) as Arc<dyn Kept>,
        }
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Bare(store) => Arc::clone(store) as Arc<dyn Store>,
            Self::Cached(store) => Arc::clone(store) as Arc<dyn Store>,
        }
    }

    pub(crate) fn said(&self) -> Arc<dyn SaidLately> {
        match self {
            Self::Bare(store) => Arc::clone(store) as Arc<dyn SaidLately>,
            Self::Cached(store) => Arc::clone(store.inner()) as Arc<dyn SaidLately>,
        }
    }

    pub(crate) fn inner(&self) -> &S {
        match self {
            Self::Bare(store) => store,
            Self::Cached(store) => store.inner(),
        }
    }

    /// Another store in the place of this one.
    pub(crate) fn replace(&mut self, store: S) {
        *self = Self::new(store, matches!(self, Self::Cached(_)));
    }
}
