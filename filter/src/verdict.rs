//! What the rules make of a text, and why.

use std::{cmp::Reverse, ops::Range, sync::Arc};

use super::{
    arbiter::Lowered,
    classifier::Scores,
    normalize,
    recall::Trace,
    rule::{Action, Category},
};
use crate::id::RuleId;

/// What to do with a text of which the classifier is not sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opinion {
    /// It is harmful: it does not pass.
    Harmful,
    /// It is harmless: it is delivered, and moderators look at it.
    Harmless,
    /// A moderator is to decide.
    Unsure,
}

/// Whether the encoder is to read a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asks {
    /// It would change nothing: no rule asks a classifier, the text is refused, or is in a language that is not scored.
    #[default]
    Never,
    /// Where it has nothing else to do: the linear model takes the text for ordinary.
    WhenIdle,
    /// Though others wait for it: the linear model is not sure.
    Unsure,
}

/// What the rules make of a text. Holds names and places and nothing of the text, so that it may be logged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdict {
    /// The strongest action of the live rules that matched; nothing where the text passes.
    pub action: Option<Action>,
    /// What the match that decided is about.
    pub category: Option<Category>,
    /// What matched and was not lifted: the strongest first, then in the order of the text, shadow rules last. At most
    /// [`Verdict::MAX_MATCHES`]; the action is that of all.
    pub matches: Vec<Match>,
    /// What live rules mask, all of it however many matches there are: in order, apart from each other.
    pub masks: Vec<Range<usize>>,
    /// What the classifier makes of the text; zero where no rule asks it.
    pub scores: Scores,
    /// Whether the encoder is to read the text as well, where there is one.
    pub asks: Asks,
    /// What is remembered of the text once it was accepted.
    pub trace: Trace,
}

/// A place in a text that a rule matches.
#[derive(Debug, Clone, PartialEq)]
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
    /// What it asks for, after the arbiter.
    pub action: Action,
    /// Why that is less than the rule asks for, where it is.
    pub lowered: Option<Lowered>,
    /// Whether the rule is in the shadow: its match is counted and changes nothing.
    pub shadow: bool,
    /// How sure the classifier is, where the rule asks it.
    pub score: Option<f32>,
    /// The bytes of the original text, from one character border to another.
    pub span: Range<usize>,
    /// The words that weighed most, in the order of the text, where the classifier matched.
    pub words: Vec<WeighedWord>,
}

/// A word that the classifier reacted to.
#[derive(Debug, Clone, PartialEq)]
pub struct WeighedWord {
    /// The bytes of the original text.
    pub span: Range<usize>,
    /// Its share, from 0 to 1, of all that spoke for the rule's head in the part of the text that decided.
    pub weight: f32,
}

impl Verdict {
    /// The most matches that a verdict lists.
    pub const MAX_MATCHES: usize = 64;

    /// From every match that was not lifted.
    pub(super) fn of(mut matches: Vec<Match>) -> Self {
        matches
            .sort_by_key(|hit| (hit.shadow, Reverse(hit.action), hit.span.start, hit.span.end, hit.rule.0));
        matches.dedup_by(|later, earlier| later.rule == earlier.rule && later.span == earlier.span);
        let decisive = matches.first().filter(|hit| !hit.shadow);
        let (action, category) = decisive.map(|hit| (hit.action, hit.category)).unzip();
        let masks = united(matches.iter().filter(|hit| hit.masks()).map(|hit| hit.span.clone()).collect());
        let flag = matches.iter().skip(Self::MAX_MATCHES).find(|hit| hit.flags()).cloned();
        // Live and shadow rules share the room, and live ones come first.
        matches.truncate(Self::MAX_MATCHES);
        if let Some(flag) = flag
            && !matches.iter().any(Match::flags)
        {
            // Whoever asks whether anything is to be looked at must not be told less.
            matches.truncate(Self::MAX_MATCHES - 1);
            matches.push(flag);
        }
        Self { action, category, matches, masks, ..Self::default() }
    }

    /// Whether nobody sees the text, or not yet.
    pub fn stops(&self) -> bool {
        self.action >= Some(Action::Hold)
    }

    /// Whether the text does not pass, and no moderator is asked.
    pub fn refuses(&self) -> bool {
        self.action >= Some(Action::Reject)
    }

    /// Whether the connection ends with it.
    pub fn closes(&self) -> bool {
        self.action == Some(Action::Block)
    }

    /// Whether the text waits for a moderator before anybody sees it.
    pub fn holds(&self) -> bool {
        self.action == Some(Action::Hold)
    }

    /// Whether a live rule asks for the text to be looked at, whatever happens to it.
    pub fn flags(&self) -> bool {
        self.matches.iter().any(Match::flags)
    }

    /// Whether the text waits for a moderator for what the classifier makes of it alone.
    pub fn is_unsure(&self) -> bool {
        let mut holding = self.matches.iter().filter(|hit| !hit.shadow && hit.action == Action::Hold);
        self.holds() && holding.all(|hit| hit.score.is_some())
    }

    /// The same with a second opinion on what the classifier holds.
    #[must_use]
    pub fn resolved(mut self, opinion: Opinion) -> Self {
        let action = match opinion {
            Opinion::Harmful => Action::Reject,
            Opinion::Harmless => Action::Flag,
            Opinion::Unsure => return self,
        };
        for hit in self.matches.iter_mut().filter(|hit| !hit.shadow && hit.action == Action::Hold) {
            hit.action = action;
            hit.lowered = Some(Lowered::Opinion);
        }
        self.action = self.matches.iter().filter(|hit| !hit.shadow).map(|hit| hit.action).max();
        self
    }

    /// The text that was judged, with one `*` for each character that a live rule masks, spaces included.
    pub fn masked(&self, text: &str) -> String {
        let mut masks = self.masks.iter().peekable();
        let star = |(at, c): (usize, char)| {
            while masks.next_if(|mask| mask.end <= at).is_some() {}
            if masks.peek().is_some_and(|mask| mask.start <= at) { '*' } else { c }
        };
        text.char_indices().map(star).collect()
    }
}

impl Match {
    /// The span as the wire counts: UTF-16 code units of the text that was judged.
    pub fn utf16(&self, text: &str) -> Range<usize> {
        normalize::utf16(text, self.span.clone())
    }

    fn masks(&self) -> bool {
        !self.shadow && self.action == Action::Mask
    }

    fn flags(&self) -> bool {
        !self.shadow && self.action == Action::Flag
    }
}

/// The same places, each once and in order.
fn united(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    spans.dedup_by(|later, earlier| {
        let touches = later.start <= earlier.end;
        if touches {
            earlier.end = earlier.end.max(later.end);
        }
        touches
    });
    spans
}
