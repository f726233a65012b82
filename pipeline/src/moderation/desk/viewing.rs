//! Who looks at which incident.

use super::{Actor, Desk, DeskError};
use crate::{
    id::{IncidentId, UserId},
    moderation::{
        incident::IncidentFilter,
        notice::Notice,
        viewing::{HOLDS, Viewer, Viewing},
    },
};

impl Desk {
    /// Somebody looks at an incident, for [`HOLDS`] unless they say so again.
    pub async fn view(&self, actor: Actor, incident: IncidentId) -> Result<(), DeskError> {
        self.find(actor.user, incident).await?;
        let now = self.0.watch.now();
        let viewing = Viewing { incident, user: actor.user, until: Some(now.after(HOLDS)) };
        self.tell(Notice::Viewing(self.0.viewers.keep(viewing, now))).await;
        Ok(())
    }

    /// Somebody does not look at an incident any more.
    pub async fn leave(&self, actor: Actor, incident: IncidentId) -> Result<(), DeskError> {
        self.find(actor.user, incident).await?;
        let now = self.0.watch.now();
        if self.0.viewers.is_viewed_by(incident, actor.user, now) {
            let viewing = Viewing { incident, user: actor.user, until: None };
            self.tell(Notice::Viewing(self.0.viewers.keep(viewing, now))).await;
        }
        Ok(())
    }

    /// Who looks at an incident now, as far as this node knows.
    pub fn viewers(&self, incident: IncidentId) -> Vec<Viewer> {
        self.0.viewers.of(incident, self.0.watch.now())
    }

    /// Remembers what was said on another node; answers what moderators here are to be told.
    pub fn viewed_elsewhere(&self, viewing: Viewing) -> Notice {
        Notice::Viewing(self.0.viewers.keep(viewing, self.0.watch.now()))
    }

    /// Finds an incident. Incidents are never deleted: whoever is known to look at one has found it.
    async fn find(&self, user: UserId, incident: IncidentId) -> Result<(), DeskError> {
        if self.0.viewers.is_viewed_by(incident, user, self.0.watch.now()) {
            return Ok(());
        }
        // The newest of those up to it, which is read without what was said around it.
        let after = incident.0.checked_add(1).map(IncidentId);
        let page = self.0.records.incidents(&IncidentFilter::default(), after, 1).await?;
        if page.items.first().is_some_and(|found| found.id == incident) {
            return Ok(());
        }
        Err(DeskError::NotFound("incident"))
    }
}
