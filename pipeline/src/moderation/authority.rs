//! On whose authority somebody is kept out or disconnected: it says whom that binds and who may lift it.

use serde::{Deserialize, Serialize};

use crate::token::Role;

/// The rank behind a ban or a disconnect. A ban binds a user whose role is not above it, and is lifted or replaced by
/// the same rank or a higher one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Authority {
    /// The policy, by counting strikes. It binds no admin, because moderators write the rules that strike.
    Policy,
    /// A moderator. It binds users and moderators.
    Moderator,
    /// An admin, or the operator of the server. It binds everybody.
    Admin,
}

impl Authority {
    /// Every authority, the lowest first.
    pub const ALL: [Self; 3] = [Self::Policy, Self::Moderator, Self::Admin];

    /// Returns the authority that a role has.
    pub const fn of(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::User | Role::Moderator => Self::Moderator,
        }
    }

    /// Returns whether a user with this role is bound.
    pub fn binds(self, role: Role) -> bool {
        role < Role::Admin || self == Self::Admin
    }

    /// Returns the word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_admin_binds_an_admin() {
        for role in [Role::User, Role::Moderator] {
            assert!(Authority::ALL.iter().all(|authority| authority.binds(role)));
        }
        let binding: Vec<Authority> =
            Authority::ALL.into_iter().filter(|authority| authority.binds(Role::Admin)).collect();
        assert_eq!(binding, [Authority::Admin]);
    }
}
