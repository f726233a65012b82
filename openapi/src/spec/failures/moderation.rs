//! In which ways the operations of moderators fail.

mod invalid;
mod ranks;
mod refused;

use super::{Kind, Operation};
use crate::failure::Failure;

pub(super) fn kinds() -> Vec<Kind> {
    [
        refused::of_rules(),
        refused::of_turns(),
        refused::of_others(),
        ranks::kinds(),
        invalid::of_rules(),
        invalid::of_others(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn kind(name: &'static str, description: &'static str, failures: Vec<(&'static str, Failure)>) -> Kind {
    Kind { name, description, failures }
}

pub(super) const OPERATIONS: [Operation; 31] = [
    (
        "/reports",
        "post",
        &[
            "Malformed",
            "Banned",
            "NoSuchMessage",
            "BodyTimeout",
            "BodyTooLarge",
            "NotJson",
            "InvalidReport",
            "TooManyReports",
        ],
    ),
    ("/moderation/rules", "get", &["ModeratorsOnly", "InvalidList"]),
    (
        "/moderation/rules",
        "post",
        &[
            "Malformed",
            "OverrideForAdmins",
            "BodyTimeout",
            "RulesChanged",
            "RuleTooLarge",
            "NotJson",
            "InvalidRule",
            "TooManyChanges",
        ],
    ),
    ("/moderation/rules/{id}", "get", &["ModeratorsOnly", "NoSuchRule"]),
    (
        "/moderation/rules/{id}",
        "put",
        &[
            "MalformedChange",
            "OverrideForAdmins",
            "NoSuchRule",
            "BodyTimeout",
            "Stale",
            "RuleTooLarge",
            "NotJson",
            "InvalidRule",
            "VersionNeeded",
            "TooManyChanges",
        ],
    ),
    (
        "/moderation/rules/{id}",
        "delete",
        &[
            "MalformedVersion",
            "OverrideForAdmins",
            "NoSuchRule",
            "StaleOrRulesChanged",
            "RuleNeeded",
            "TooManyChanges",
        ],
    ),
    ("/moderation/rules/{id}/versions", "get", &["ModeratorsOnly", "NoSuchRule", "InvalidList"]),
    (
        "/moderation/rules/{id}/restore",
        "post",
        &[
            "Malformed",
            "OverrideForAdmins",
            "NoSuchVersion",
            "BodyTimeout",
            "RulesChanged",
            "BodyTooLarge",
            "NotJson",
            "InvalidVersion",
            "TooManyChanges",
        ],
    ),
    ("/moderation/rules/export", "get", &["ModeratorsOnly", "TooManyExports"]),
    (
        "/moderation/rules/import",
        "post",
        &[
            "Malformed",
            "AdminsOnly",
            "BodyTimeout",
            "RulesChanged",
            "RulesTooLarge",
            "NotJson",
            "InvalidImport",
            "TooManyChanges",
        ],
    ),
    (
        "/moderation/check",
        "post",
        &[
            "Malformed",
            "ModeratorsOnly",
            "BodyTimeout",
            "RuleTooLarge",
            "NotJson",
            "InvalidCheck",
            "TooManyChecks",
        ],
    ),
    (
        "/moderation/backtest",
        "post",
        &[
            "Malformed",
            "ModeratorsOnly",
            "BodyTimeout",
            "RuleTooLarge",
            "NotJson",
            "InvalidBacktest",
            "TooManyBacktests",
        ],
    ),
    (
        "/moderation/calibrate",
        "post",
        &[
            "Malformed",
            "AdminsOnly",
            "BodyTimeout",
            "CalibrationConflict",
            "BodyTooLarge",
            "NotJson",
            "InvalidCalibration",
            "TooManyCalibrations",
        ],
    ),
    ("/moderation/incidents", "get", &["ModeratorsOnly", "InvalidFilter"]),
    ("/moderation/incidents/{id}", "get", &["ModeratorsOnly", "NoSuchIncident"]),
    (
        "/moderation/incidents/{id}/decision",
        "post",
        &[
            "Malformed",
            "ModeratorsOnly",
            "NoSuchIncident",
            "BodyTimeout",
            "AlreadyDecided",
            "BodyTooLarge",
            "NotJson",
            "InvalidDecision",
        ],
    ),
    (
        "/moderation/incidents/{id}/reopen",
        "post",
        &[
            "Malformed",
            "NotYours",
            "NoSuchIncident",
            "BodyTimeout",
            "NotDecided",
            "BodyTooLarge",
            "NotJson",
            "InvalidNote",
        ],
    ),
    ("/moderation/incidents/{id}/viewing", "put", &["ModeratorsOnly", "NoSuchIncident"]),
    ("/moderation/incidents/{id}/viewing", "delete", &["ModeratorsOnly", "NoSuchIncident"]),
    ("/moderation/bans", "get", &["ModeratorsOnly", "InvalidList"]),
    (
        "/moderation/bans",
        "post",
        &["Malformed", "OutrankedBan", "BodyTimeout", "BodyTooLarge", "NotJson", "InvalidBan"],
    ),
    ("/moderation/bans/{user_id}", "delete", &["OutrankedLift", "NoSuchBan"]),
    ("/moderation/users", "get", &["ModeratorsOnly", "InvalidIdPrefix"]),
    ("/moderation/users/{user_id}", "get", &["ModeratorsOnly", "NoSuchUser"]),
    (
        "/moderation/users/{user_id}/disconnect",
        "post",
        &[
            "Malformed",
            "OutrankedDisconnect",
            "NoSuchUser",
            "BodyTimeout",
            "BodyTooLarge",
            "NotJson",
            "InvalidReason",
        ],
    ),
    ("/moderation/messages/{id}", "delete", &["ModeratorsOnly", "NoSuchMessage", "OwnEvidence"]),
    ("/moderation/policy", "get", &["ModeratorsOnly"]),
    (
        "/moderation/policy",
        "put",
        &["Malformed", "AdminsOnly", "BodyTimeout", "BodyTooLarge", "NotJson", "InvalidPolicy"],
    ),
    ("/moderation/audit", "get", &["ModeratorsOnly", "InvalidAuditFilter"]),
    ("/moderation/stats", "get", &["ModeratorsOnly", "InvalidSince"]),
    ("/moderation/events", "get", &["ModeratorsOnly", "TooManyStreams"]),
];
