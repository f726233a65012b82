//! What is refused because of who asks about whom: a higher rank, another moderator's decision, one's own message.

use super::kind;
use crate::{failure::Failure, spec::failures::Kind};

pub(super) fn kinds() -> Vec<Kind> {
    vec![
        kind(
            "OutrankedBan",
            "You are no moderator, or you are banned; or the user is an admin, or banned by one, and you are none.",
            vec![
                ("admin", Failure::Forbidden("Only admins may ban an admin.")),
                (
                    "outranked",
                    Failure::Forbidden("An admin set this ban: only admins may replace or lift it."),
                ),
                ("notModerator", Failure::NotModerator),
                ("banned", Failure::Banned),
            ],
        ),
        kind(
            "OutrankedLift",
            "You are no moderator, or you are banned; or the ban is an admin's and you are none, or it is your own.",
            vec![
                (
                    "outranked",
                    Failure::Forbidden("An admin set this ban: only admins may replace or lift it."),
                ),
                ("own", Failure::Forbidden("Nobody lifts their own ban: another moderator does.")),
                ("notModerator", Failure::NotModerator),
                ("banned", Failure::Banned),
            ],
        ),
        kind(
            "OutrankedDisconnect",
            "You are no moderator, or you are banned; or the user is an admin and you are none.",
            vec![
                ("admin", Failure::Forbidden("Only admins may disconnect an admin.")),
                ("notModerator", Failure::NotModerator),
                ("banned", Failure::Banned),
            ],
        ),
        kind(
            "NotYours",
            "You are no moderator, or you are banned; or another moderator decided, and you are no admin.",
            vec![
                (
                    "notYours",
                    Failure::Forbidden(
                        "Only the moderator who decided, or an admin, may reopen an incident.",
                    ),
                ),
                ("notModerator", Failure::NotModerator),
                ("banned", Failure::Banned),
            ],
        ),
        kind(
            "NotDecided",
            "The incident is open, the message is your own, or retention has taken the text away.",
            vec![
                ("notDecided", Failure::Conflict("The incident is open: there is no decision to take back.")),
                ("own", Failure::Conflict("This is about your own message: another moderator decides.")),
                (
                    "cleared",
                    Failure::Conflict(
                        "The text of this incident is gone, because its retention time is over: it cannot be reopened.",
                    ),
                ),
            ],
        ),
        kind(
            "OwnEvidence",
            "The message is your own, and an incident about it is open.",
            vec![("own", Failure::Conflict("This is about your own message: another moderator decides."))],
        ),
    ]
}
