//! What is refused for who asks, or for what is there or not.

use std::time::Duration;

use super::kind;
use crate::{
    body::Allowance, failure::Failure, moderation::if_match::malformed_version, spec::failures::Kind,
};

/// On the routes of rules.
pub(super) fn of_rules() -> Vec<Kind> {
    vec![
        kind(
            "OverrideForAdmins",
            "You are no moderator, or name an `override_reason` and are no admin.",
            vec![
                (
                    "overrideForAdmins",
                    Failure::AdminsOnly("Only admins may put a rule in force that matches ordinary chat."),
                ),
                ("notModerator", Failure::NotModerator),
            ],
        ),
        kind("NoSuchRule", "There is no such rule.", vec![("noSuchRule", Failure::NoSuch("rule"))]),
        kind(
            "NoSuchVersion",
            "There is no such rule, or it never had this version.",
            vec![("noSuchVersion", Failure::NoSuch("version")), ("noSuchRule", Failure::NoSuch("rule"))],
        ),
        kind(
            "Stale",
            "The rule has another version by now: read it again, then change it.",
            vec![("stale", Failure::Stale(4))],
        ),
        kind(
            "RulesChanged",
            "Somebody else changed rules at the same moment: try again.",
            vec![(
                "faster",
                Failure::Conflict("Somebody else was faster. Please read it again, then decide."),
            )],
        ),
        kind(
            "StaleOrRulesChanged",
            "The rule has another version than `If-Match` names, or somebody else changed rules at the same moment.",
            vec![
                ("stale", Failure::Stale(4)),
                ("faster", Failure::Conflict("Somebody else was faster. Please read it again, then decide.")),
            ],
        ),
        kind(
            "CalibrationConflict",
            "Somebody else changed a rule while the lines were found.",
            vec![(
                "changed",
                Failure::Conflict("Somebody else changed a rule meanwhile. Please calibrate again."),
            )],
        ),
        kind("MalformedVersion", "`If-Match` is no version.", vec![("ifMatch", malformed_version())]),
        kind(
            "VersionNeeded",
            "There is no `If-Match` with the version that you read.",
            vec![("versionNeeded", Failure::VersionNeeded)],
        ),
        kind(
            "MalformedChange",
            "The body is not JSON, or broke off, or `If-Match` is no version.",
            vec![("notJson", crate::body::not_json()), ("ifMatch", malformed_version())],
        ),
        kind(
            "RuleTooLarge",
            "The body is larger than 4 MiB.",
            vec![("ruleTooLarge", Failure::BodyTooLarge(Allowance::RULE.bytes))],
        ),
        kind(
            "RulesTooLarge",
            "The body is larger than 16 MiB.",
            vec![("rulesTooLarge", Failure::BodyTooLarge(Allowance::RULES.bytes))],
        ),
    ]
}

/// Where too much is going on at once.
pub(super) fn of_turns() -> Vec<Kind> {
    vec![
        kind(
            "TooManyChecks",
            "As many texts are being judged on this node as may be, or you are asking too often; `Retry-After` says when to ask again.",
            vec![
                ("checks", Failure::Busy("Too many texts are being checked. Please try again in a moment.")),
                ("trials", Failure::Busy("Too many rules are being tried. Please try again in a moment.")),
                ("tooManyRequests", Failure::TooManyRequests(Duration::from_secs(1))),
            ],
        ),
        kind(
            "TooManyExports",
            "As many exports are under way on this node as may be, or you are asking too often; `Retry-After` says when to ask again.",
            vec![
                (
                    "busy",
                    Failure::Busy(
                        "Too many exports of the rules are under way. Please try again in a moment.",
                    ),
                ),
                ("tooManyRequests", Failure::TooManyRequests(Duration::from_secs(1))),
            ],
        ),
        kind(
            "TooManyChanges",
            "As many changes of rules are waiting on this node as may, what this site has stored could not be read in time to try the rule on it, or you are asking too often; `Retry-After` says when to ask again.",
            vec![
                (
                    "tooSlow",
                    Failure::Busy(
                        "The stored messages could not be read in time to try the rule on them. Please try again in a moment.",
                    ),
                ),
                (
                    "busy",
                    Failure::Busy("Too many changes of rules are waiting. Please try again in a moment."),
                ),
                ("tooManyRequests", Failure::TooManyRequests(Duration::from_secs(1))),
            ],
        ),
        kind(
            "TooManyCalibrations",
            "A calibration runs on this node and another one waits, as many changes of rules are waiting as may, or you are asking too often; `Retry-After` says when to ask again.",
            vec![
                ("busy", Failure::Busy("Another calibration is running. Please try again in a moment.")),
                ("tooManyRequests", Failure::TooManyRequests(Duration::from_secs(1))),
            ],
        ),
        kind(
            "TooManyBacktests",
            "Two back-tests are running on this node, or you are asking too often; `Retry-After` says when to ask again.",
            vec![
                ("busy", Failure::Busy("Too many back-tests are running. Please try again in a moment.")),
                ("tooManyRequests", Failure::TooManyRequests(Duration::from_secs(1))),
            ],
        ),
    ]
}

/// On the others.
pub(super) fn of_others() -> Vec<Kind> {
    vec![
        kind(
            "ModeratorsOnly",
            "You are no moderator, or you are banned.",
            vec![("notModerator", Failure::NotModerator), ("banned", Failure::Banned)],
        ),
        kind(
            "AdminsOnly",
            "You are no admin, or you are banned.",
            vec![
                ("adminsOnly", Failure::AdminsOnly("Only admins may do this.")),
                ("notModerator", Failure::NotModerator),
            ],
        ),
        kind(
            "NoSuchIncident",
            "There is no such incident.",
            vec![("noSuchIncident", Failure::NoSuch("incident"))],
        ),
        kind("NoSuchBan", "The user is not banned.", vec![("noSuchBan", Failure::NoSuch("ban"))]),
        kind("NoSuchUser", "This is no user's id.", vec![("noSuchUser", Failure::NoSuch("user"))]),
        kind(
            "NoSuchMessage",
            "There is no such message; for a report also: you are not in its room, and were not when it was said.",
            vec![("noSuchMessage", Failure::NoSuch("message"))],
        ),
        kind(
            "AlreadyDecided",
            "Somebody decided already, the message is your own, or the decision does not fit what became of it.",
            vec![
                ("own", Failure::Conflict("This is about your own message: another moderator decides.")),
                (
                    "decided",
                    Failure::Decided(
                        "Moderator 0de7a700-0000-4000-8000-000000000003 decided already, at \
                         2026-01-31T12:00:00.000000Z: upheld. They or an admin can reopen the incident."
                            .to_owned(),
                    ),
                ),
                (
                    "doesNotFit",
                    Failure::Conflict(
                        "This does not fit: only a held message can be released, and only a message that was \
                         delivered or held can be removed.",
                    ),
                ),
                (
                    "undeliverable",
                    Failure::Conflict(
                        "The message cannot be delivered any more: its sender has left the room, or the room is gone.",
                    ),
                ),
            ],
        ),
        kind(
            "TooManyReports",
            "You reported 50 messages within an hour, or you are asking too often; `Retry-After` says when to ask again.",
            vec![
                (
                    "busy",
                    Failure::Busy(
                        "You have reported many messages lately. Please wait before you report another.",
                    ),
                ),
                ("tooManyRequests", Failure::TooManyRequests(Duration::from_secs(1))),
            ],
        ),
        kind(
            "TooManyStreams",
            "You listen five times already, or a hundred streams are open on this node.",
            vec![(
                "busy",
                Failure::Busy("You are listening five times already. Please close another window."),
            )],
        ),
    ]
}
