//! Acts on what every node must know: the feed of changes, entry by entry, in the order of commit. It is read every second
//! and whenever it is said to have grown. Everything done here may be done twice.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt, stream};
use plic_pipeline::{
    id::{RoomId, UserId},
    moderation::{Notice, records::Disconnect},
    rejection::CloseCode,
    store::StoreError,
};
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    node::Node,
    shared::{MAX_NEWS, MAX_ROOMS, News, NewsItem, RoomHead},
};

/// How often the feed is read while nobody says that it has grown.
const EVERY: Duration = Duration::from_secs(1);
/// How long changes that were made here hold up what is delivered after them, until they are in force here.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);
/// When what failed is tried again.
const AGAIN: Duration = Duration::from_millis(300);
/// Users who are asked about at once.
const AT_ONCE: usize = 4;

impl Node {
    /// The feed is known to have grown.
    pub(super) fn announce(&self, number: i64) {
        self.announced.fetch_max(number, Ordering::AcqRel);
        self.count_behind();
        self.more_news.notify_one();
    }

    /// This node has added to the feed: tells the other nodes, and waits until it has acted on it itself, but not for longer
    /// than `until`, and not while everything is read again: what is read then may itself wait for what called this.
    pub(super) async fn made_news(&self, number: i64, until: Instant) {
        if let Some(wire) = &self.wire {
            wire.tell_news(number);
        }
        self.announce(number);
        if self.reading_everything.load(Ordering::Acquire) > 0 {
            return;
        }
        let mut acted = self.news.subscribe();
        if timeout_at(until, acted.wait_for(|done| *done >= number)).await.is_err() {
            tracing::debug!(number, "a change that was made here is not in force here yet");
        }
    }

    /// Reads the feed for as long as it is polled.
    pub(super) async fn read_news(self: Arc<Self>) {
        loop {
            match self.read_some_news().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    plic_pipeline::log_limited!(
                        WARN,
                        error: &error,
                        "could not act on changes; trying again"
                    );
                    sleep(AGAIN).await;
                    continue;
                }
            }
            tokio::select! {
                () = self.more_news.notified() => {}
                () = sleep(EVERY) => {}
            }
        }
    }

    /// Answers whether there may be more.
    async fn read_some_news(&self) -> Result<bool, StoreError> {
        let done = *self.news.borrow();
        let Some(items) = self.shared.news_after(done).await? else {
            plic_pipeline::log_limited!(INFO, "changes were missed: everything is read again");
            self.read_everything().await?;
            return Ok(true);
        };
        self.act_on(&items).await?;
        Ok(items.len() >= MAX_NEWS)
    }

    async fn act_on(&self, items: &[NewsItem]) -> Result<(), StoreError> {
        // The oldest entry of each room: whoever was added by it receives what came since.
        let mut changed: HashMap<RoomId, RoomHead> = HashMap::new();
        for item in items {
            match item.news {
                Some(News::Room(head)) => {
                    self.forget.room(head.room);
                    changed.entry(head.room).or_insert(head);
                }
                Some(News::Banned(user) | News::BanLifted(user)) => self.forget.ban(user),
                _ => {}
            }
        }
        let rooms: Vec<RoomId> = changed.keys().copied().collect();
        for some in rooms.chunks(MAX_ROOMS) {
            let people = self.shared.people(some).await?;
            self.with_rooms(|rooms, now, out| {
                for people in &people {
                    if self.hub.is_any_connected(&people.users) {
                        self.listen_to(rooms, changed[&people.room], now);
                        rooms.people(people, now, out);
                    } else {
                        self.forget_room(rooms, people.room);
                    }
                }
            })
            .await;
        }
        for item in items {
            if let Some(news) = &item.news {
                self.act_on_one(news, item.node == self.shared.node()).await?;
            }
            self.acted_up_to(item.number);
        }
        Ok(())
    }

    /// Whoever made a change has told notices and done what it asks here already, unless its answer was lost. A ban is
    /// looked up and enforced again. A user whom this node disconnected may have come back since, and a confirmation would
    /// be a second frame to its sender: these are not done again.
    async fn act_on_one(&self, news: &News, is_own: bool) -> Result<(), StoreError> {
        match news {
            News::Replaced(arrival) => {
                self.hub.end_one(arrival.user, arrival.connection, CloseCode::NewDevice);
            }
            News::Room(_) => {}
            News::Banned(user) => self.end_banned(*user, is_own).await?,
            _ if is_own => {}
            News::BanLifted(user) => self.hub.tell(Notice::BanLifted(*user)),
            News::Disconnected(disconnect @ Disconnect { user, authority }) => {
                self.hub.end_bound(*user, *authority, CloseCode::AdminAction);
                self.hub.tell(Notice::Disconnected(*disconnect));
            }
            News::Rules => self.reload.rules(),
            News::Policy => self.reload.policy(),
            News::Incident(id) | News::Decided(id) | News::Reopened(id) | News::Reported(id)
                if self.hub.has_listeners() =>
            {
                match self.records.incident(*id).await {
                    Ok(Some(found)) => {
                        let incident = Arc::new(found.incident);
                        self.hub.tell(match news {
                            News::Decided(_) => Notice::Decided(incident),
                            News::Reopened(_) => Notice::Reopened(incident),
                            News::Reported(_) => Notice::Reported(incident),
                            _ => Notice::Incident(incident),
                        });
                    }
                    Ok(None) => {}
                    // Only a notice is lost: what comes after it must not wait for it.
                    Err(error) => {
                        plic_pipeline::log_limited!(
                            WARN,
                            error: &error,
                            incident = id.0,
                            "moderators here are not told of an incident"
                        );
                    }
                }
            }
            News::Incident(_) | News::Decided(_) | News::Reopened(_) | News::Reported(_) => {}
            News::Released(confirmation) => self.hub.confirm(confirmation),
        }
        Ok(())
    }

    /// Ends the connections of a user who is banned now; the ban may be lifted already.
    async fn end_banned(&self, user: UserId, is_own: bool) -> Result<(), StoreError> {
        let is_told = !is_own && self.hub.has_listeners();
        if !self.hub.is_connected(user) && !is_told {
            return Ok(());
        }
        if let Some(record) = self.shared.ban_record(user).await?
            && record.ban.holds_at(self.shared.now())
        {
            self.hub.end_bound(user, record.ban.authority, CloseCode::Banned);
            if is_told {
                self.hub.tell(Notice::Banned(Arc::new(record)));
            }
        }
        Ok(())
    }

    /// Anything may have changed.
    async fn read_everything(&self) -> Result<(), StoreError> {
        let _reading = self.reading_everything();
        let head = self.shared.news_head().await?;
        self.forget.everything();
        self.reload.rules();
        self.reload.policy();
        self.register_all().await?;
        self.with_rooms(|rooms, now, _| rooms.doubt_all(now)).await;
        let mut users: Vec<UserId> = self.hub.connections().into_iter().map(|(user, _)| user).collect();
        users.sort_unstable();
        users.dedup();
        let asked = stream::iter(users).map(|user| self.shared.ban_record(user)).buffer_unordered(AT_ONCE);
        asked
            .try_for_each(async |record| {
                if let Some(record) = record.filter(|record| record.ban.holds_at(self.shared.now())) {
                    self.hub.end_bound(record.ban.user, record.ban.authority, CloseCode::Banned);
                }
                Ok(())
            })
            .await?;
        self.acted_up_to(head);
        Ok(())
    }

    fn acted_up_to(&self, number: i64) {
        self.news.send_replace(number);
        self.count_behind();
    }

    fn count_behind(&self) {
        let behind = self.announced.load(Ordering::Acquire) - *self.news.borrow();
        self.metrics.news_behind.set(behind.max(0));
    }
}
