//! What the rules make of a text, without sending it.

use std::{
    sync::{Arc, LazyLock},
    time::Instant,
};

use plic_filter::{
    Action, Asks, Category, Earlier, Rule, RuleSet, Said, Verdict,
    classifier::{Classifier, Scores},
};

use super::{Desk, DeskError, candidate, off_the_path};
use crate::{id::RoomId, moderation::incident::FoundMatch, rejection::CloseCode};

/// The longest text that is judged, in characters (Unicode scalar values): as many as a frame of the chat could have.
pub const MAX_CHECKED_CHARS: usize = 64 << 10;

/// A verdict, explained.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The strongest action of the live rules that matched; nothing where the text passes.
    pub action: Option<Action>,
    /// The code that the connection would be closed with.
    pub code: Option<u16>,
    /// What the match that decided is about.
    pub category: Option<Category>,
    /// The text as it would be delivered, where it would be.
    pub delivered: Option<String>,
    /// Where and why, live rules first.
    pub matches: Vec<FoundMatch>,
    /// The classifier's scores.
    pub scores: Scores,
    /// How long the rules took, in microseconds.
    pub micros: f64,
    /// The classifier's linear model, by the beginning of its SHA-256.
    pub model: String,
    /// The encoder, the same way, where it read the text.
    pub encoder: Option<String>,
}

impl Desk {
    /// Judges a text as the rules in force would, or as they would with `draft` live beside them (in place of the rule
    /// with its id).
    pub async fn check(
        &self,
        text: String,
        room: Option<RoomId>,
        draft: Option<Rule>,
    ) -> Result<Checked, DeskError> {
        if text.chars().nth(MAX_CHECKED_CHARS).is_some() {
            return Err(DeskError::Invalid {
                field: "message".to_owned(),
                problem: format!("is longer than {MAX_CHECKED_CHARS} characters"),
            });
        }
        let turns = if draft.is_some() { &self.0.trials } else { &self.0.checks };
        let turn = turns.take().await?;
        let in_force: Arc<RuleSet> = self.0.rules.load_full();
        let (turn, set, text, verdict, micros) = off_the_path(move || {
            let set = match draft {
                None => in_force,
                Some(draft) => Arc::new(RuleSet::compile(candidate::with_draft(in_force.rules(), draft).0)?),
            };
            let started = Instant::now();
            let verdict = set.judge(&said(&text, room));
            let micros = started.elapsed().as_secs_f64() * 1e6;
            // The turn comes along: it is held to the end, also where the caller goes away.
            Ok::<_, DeskError>((turn, set, text, verdict, micros))
        })
        .await??;
        let Some(encoder) = self.0.encoder.as_ref().filter(|_| verdict.asks != Asks::Never) else {
            return Ok(explain(&verdict, &text, micros, None));
        };
        // A moderator waits for the answer, so the text is read like one of which the linear model is not sure.
        let Some(meaning) = encoder.meaning(&text, Asks::Unsure).await else {
            return Ok(explain(&verdict, &text, micros, None));
        };
        let model = encoder.model().to_owned();
        off_the_path(move || {
            let _turn = turn;
            let verdict = set.judge_by(&said(&text, room), Some(meaning));
            explain(&verdict, &text, micros, Some(model))
        })
        .await
    }
}

fn said(text: &str, room: Option<RoomId>) -> Said<'_> {
    static NOTHING: LazyLock<Earlier> = LazyLock::new(Earlier::default);
    Said { text, room, earlier: &NOTHING }
}

fn explain(verdict: &Verdict, text: &str, micros: f64, encoder: Option<String>) -> Checked {
    Checked {
        action: verdict.action,
        code: verdict.closes().then_some(CloseCode::HatefulSpeech.number()),
        category: verdict.category,
        delivered: (!verdict.stops()).then(|| verdict.masked(text)),
        matches: FoundMatch::all(verdict, text),
        scores: verdict.scores,
        micros,
        model: Classifier::shipped().hash().to_owned(),
        encoder,
    }
}
