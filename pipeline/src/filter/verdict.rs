//! What the rules make of a text, and why.

use std::{ops::Range, sync::Arc};

use super::{
    normalize,
    rule::{Action, Category},
};
use crate::id::RuleId;

/// What the rules make of a text. Holds names and places and nothing of the text, so that it may be logged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The strongest action of the live rules that matched; nothing where the text passes.
    pub action: Option<Action>,
    /// What the match that decided is about.
    pub category: Option<Category>,
    /// What matched and was not lifted: the strongest first, then in the order of the text, shadow rules last. At most
    /// [`Verdict::MAX_MATCHES`]; the action is that of all.
    pub matches: Vec<Match>,
}

/// A place in a text that a rule matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The rule.
    pub rule: RuleId,
    /// Its version.
    pub version: u32,
    /// Its name.
    pub name: Arc<str>,
    /// Its kind, as in its JSON.
    pub kind: &'static str,
    /// What it is about.
    pub category: Category,
    /// What it asks for.
    pub action: Action,
    /// Whether the rule is in the shadow: its match is counted and changes nothing.
    pub shadow: bool,
    /// The bytes of the original text, from one character border to another.
    pub span: Range<usize>,
}

impl Verdict {
    /// The most matches that a verdict lists.
    pub const MAX_MATCHES: usize = 64;

    /// From every match that was not lifted.
    pub(super) fn of(mut matches: Vec<Match>) -> Self {
        matches.sort_by_key(|hit| {
            (hit.shadow, std::cmp::Reverse(hit.action), hit.span.start, hit.span.end, hit.rule.0)
        });
        matches.dedup_by(|later, earlier| later.rule == earlier.rule && later.span == earlier.span);
        let decisive = matches.first().filter(|hit| !hit.shadow);
        let (action, category) = decisive.map(|hit| (hit.action, hit.category)).unzip();
        // Live and shadow rules share the room, and live ones come first.
        matches.truncate(Self::MAX_MATCHES);
        Self { action, category, matches }
    }

    /// Whether the text does not pass.
    pub fn refuses(&self) -> bool {
        self.action >= Some(Action::Reject)
    }

    /// Whether the connection ends with it.
    pub fn closes(&self) -> bool {
        self.action == Some(Action::Block)
    }
}

impl Match {
    /// The span as the wire counts: UTF-16 code units of the text that was judged.
    pub fn utf16(&self, text: &str) -> Range<usize> {
        normalize::utf16(text, self.span.clone())
    }
}
