//! What is well-formed and cannot be used.

use plic_pipeline::moderation::DeskError;

use super::kind;
use crate::{failure::Failure, spec::failures::Kind};

fn invalid(sentence: &str) -> Failure {
    Failure::Invalid(sentence.to_owned())
}

/// What the desk refuses about a field.
fn desk(field: &str, problem: &str) -> Failure {
    DeskError::Invalid { field: field.to_owned(), problem: problem.to_owned() }.into()
}

/// On the routes of rules.
pub(super) fn of_rules() -> Vec<Kind> {
    vec![
        kind(
            "InvalidRule",
            "The rule cannot be used: a key is missing, unknown, there twice or has a wrong type; a term or a pattern \
             cannot be compiled; one of its own examples fails; or it matches ordinary chat.",
            vec![
                ("missing", invalid("`name` is missing.")),
                ("unknownKey", invalid("`unles` is not known: a rule has no such key.")),
                (
                    "example",
                    invalid(
                        "`must_match[0]` is not matched by the rule (rule 12 (Prepayment by untraceable means)).",
                    ),
                ),
                (
                    "ordinaryChat",
                    desk(
                        "state",
                        "`live` is not for rule 12 (Fridays): it matches 63 of 8328 messages of the ordinary chat that ships \
                         with the program, where 8 are the most: \"See you on Friday\"; it matches 41 of 5000 messages that \
                         were delivered on this site, where 5 are the most: \"Is Friday all right?\". An admin may override \
                         this with a reason",
                    ),
                ),
                (
                    "limit",
                    invalid(
                        "`limit.same_text` must be from 2 to 15: a lower limit stops people who repeat themselves as \
                         everybody does (rule 12 (The same again)).",
                    ),
                ),
            ],
        ),
        kind(
            "RuleNeeded",
            "An example of another rule fails without this one, or another one matches ordinary chat without it.",
            vec![
                (
                    "example",
                    invalid(
                        "`must_not_match[0]` is matched by the rule (rule 12 (Prepayment by untraceable means)).",
                    ),
                ),
                (
                    "ordinaryChat",
                    desk(
                        "state",
                        "`live` is not for rule 12 (Fridays): without the rule that allows, it matches 2 everyday words \
                         and answers of ordinary chat, 0 before: \"this weekend\", \"next week\". An admin may override this \
                         with a reason",
                    ),
                ),
            ],
        ),
        kind(
            "InvalidVersion",
            "`version` is no version, or the restored rule cannot be put in force any more.",
            vec![("version", invalid("`version` must be an integer from 1 to 4294967295."))],
        ),
        kind(
            "InvalidImport",
            "A rule of the document cannot be used, or there are too many.",
            vec![
                ("missing", invalid("`rules[3].name` is missing.")),
                ("tooMany", invalid("`rules` has more than 10000 rules.")),
            ],
        ),
        kind(
            "InvalidCheck",
            "The message is missing, no text or longer than 65,536 characters, or the draft cannot be used.",
            vec![
                ("missing", crate::body::missing("message")),
                ("tooLong", invalid("`message` is longer than 65536 characters.")),
                ("draft", invalid("`draft.terms`: invalid type: string \"x\", expected a list.")),
            ],
        ),
        kind(
            "InvalidBacktest",
            "The draft cannot be used, or `since` or `limit` does not fit.",
            vec![("missing", crate::body::missing("draft"))],
        ),
        kind(
            "InvalidCalibration",
            "A key has a wrong type or a value out of bounds, or a line that is to be published cannot be put in force.",
            vec![
                ("share", desk("hold_share", "must be from 0.00001 to 0.1")),
                ("limit", invalid("`limit` must be an integer from 1 to 100000.")),
                (
                    "example",
                    invalid("`must_match[0]` is not matched by the rule (rule 5 (Hate by the classifier))."),
                ),
            ],
        ),
    ]
}

/// On the others.
pub(super) fn of_others() -> Vec<Kind> {
    vec![
        kind(
            "InvalidFilter",
            "A parameter is none of what it may be.",
            vec![(
                "status",
                invalid("`status` must be one of `open`, `upheld`, `dismissed`, `released`, `removed`."),
            )],
        ),
        kind(
            "InvalidList",
            "`limit` or `before` is no integer or out of bounds.",
            vec![("limit", invalid("`limit` must be an integer from 1 to 500."))],
        ),
        kind(
            "InvalidDecision",
            "`decision` is none, or the note is too long.",
            vec![
                ("decision", invalid("`decision` must be one of `uphold`, `dismiss`, `release`, `remove`.")),
                ("note", desk("note", "is longer than 2000 characters")),
            ],
        ),
        kind(
            "InvalidNote",
            "The note is no text, or too long.",
            vec![("note", desk("note", "is longer than 2000 characters"))],
        ),
        kind(
            "InvalidBan",
            "A key is missing or has a wrong type, the ban would be over already, or you name yourself.",
            vec![
                ("user", invalid("`user_id` must be a uuid.")),
                ("over", desk("expires_at", "is over")),
                ("yourself", desk("user_id", "is yourself")),
            ],
        ),
        kind(
            "InvalidIdPrefix",
            "`id_prefix` is missing, too short, or no beginning of an id.",
            vec![(
                "prefix",
                invalid(
                    "`id_prefix` must be the first 4 to 32 hexadecimal digits of an id, without hyphens.",
                ),
            )],
        ),
        kind(
            "InvalidReason",
            "The reason is missing or too long.",
            vec![
                ("missing", crate::body::missing("reason")),
                ("tooLong", desk("reason", "is longer than 2000 characters")),
            ],
        ),
        kind(
            "InvalidPolicy",
            "A key is missing, has a wrong type or is out of bounds.",
            vec![
                ("missing", crate::body::missing("held_then")),
                ("bounds", desk("strikes_to_ban", "must be from 1 to 1000")),
            ],
        ),
        kind(
            "InvalidAuditFilter",
            "A parameter is none of what it may be.",
            vec![
                (
                    "action",
                    invalid("`action` must be an action such as `rule.update`, or the word before its dot."),
                ),
                ("until", invalid("`until` must be a moment in RFC 3339, such as `2026-01-31T12:00:00Z`.")),
            ],
        ),
        kind(
            "InvalidSince",
            "`since` is no moment.",
            vec![("since", invalid("`since` must be a moment in RFC 3339, such as `2026-01-31T12:00:00Z`."))],
        ),
        kind(
            "InvalidReport",
            "A key is missing or has a wrong type, or the reason is empty or too long.",
            vec![("missing", crate::body::missing("reason")), ("empty", desk("reason", "is empty"))],
        ),
    ]
}
