//! Rules that were compiled together.

mod tally;

use std::{cell::LazyCell, collections::HashSet, fmt, ops::Range, sync::Arc};

pub use self::tally::Tally;
use super::{
    arbiter::{self, Lowered},
    check::{check_form, field},
    classifier::{Classifier, Head, Meaning, Scores, is_class_word, only_names},
    concept::{ConceptRules, Touched},
    contact::ContactRules,
    error::{FieldProblem, RuleError},
    explanation::Explanation,
    hit::{Found, Hit},
    language::{self, Language, Speaks},
    lift,
    links::LinkRules,
    pattern::Role,
    recall::{Earlier, Trace},
    regex::{Regexes, RegexesBuilder},
    repetition::{self, Repetitions},
    rule::{Action, Rule, RuleKind, State, Terms, Threshold},
    terms::{TermIndex, TermsBuilder},
    text::Text,
    token::Token,
    verdict::{Asks, Match, Verdict},
};
use crate::id::{RoomId, RuleId};

/// Rules that a set may have.
const MAX_RULES: usize = 10_000;
/// How many texts a [`HitRate`] names.
const MAX_FIRST: usize = 20;

/// What is said, where, and after what.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The text.
    pub text: &'a str,
    /// The room; rules for some rooms only match nothing outside of one.
    pub room: Option<RoomId>,
    /// What the sender said there lately.
    pub earlier: &'a Earlier,
}

/// How many texts of a corpus a rule matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HitRate {
    /// Texts that were judged.
    pub texts: usize,
    /// Texts that the rule matches.
    pub hits: usize,
    /// The places of the first of them in the corpus.
    pub first: Vec<usize>,
}

/// Rules that were compiled together: a text is judged by one whole set. Cheap to clone.
#[derive(Clone)]
pub struct RuleSet(Arc<Compiled>);

/// Each kind has an index of its own, which says where its rules match by their places in `rules`.
struct Compiled {
    rules: Box<[Rule]>,
    names: Box<[Arc<str>]>,
    terms: TermIndex,
    regexes: Regexes,
    concepts: ConceptRules,
    links: LinkRules,
    contacts: ContactRules,
    classifiers: Vec<(usize, Threshold)>,
    repetitions: Repetitions,
    /// Whether some rule is for some rooms only.
    has_rooms: bool,
}

/// Where rules match, and what was learnt on the way.
struct Judged<'a> {
    text: Text<'a>,
    hits: Vec<Hit>,
    scores: Scores,
    /// Whether a rule asked the classifier, and it could score the text.
    is_scored: bool,
    trace: Trace,
}

impl RuleSet {
    /// Compiles rules, and holds each to its own examples. Drafts and retired rules are checked for form only.
    ///
    /// # Errors
    /// What is wrong with which rule; a set is put in force whole or not at all.
    pub fn compile(rules: Vec<Rule>) -> Result<Self, RuleError> {
        if rules.len() > MAX_RULES {
            return Err(RuleError::TooMany(MAX_RULES));
        }
        let mut ids = HashSet::new();
        let mut terms = TermsBuilder::default();
        let mut regexes = RegexesBuilder::default();
        let mut concepts = ConceptRules::default();
        let mut links = LinkRules::default();
        let mut contacts = ContactRules::default();
        let mut classifiers = Vec::new();
        let mut repetitions = Repetitions::default();
        for (place, rule) in rules.iter().enumerate() {
            if !ids.insert(rule.id) {
                return Err(RuleError::SameId(rule.id));
            }
            check_form(rule)?;
            if !rule.state.is_evaluated() {
                continue;
            }
            terms.add_rule(place, rule)?;
            match &rule.kind {
                RuleKind::Terms(_) => {}
                RuleKind::Pattern(spec) => regexes
                    .add(place, spec)
                    .map_err(|problem| field(rule, &problem.field, problem.problem))?,
                RuleKind::Concepts(spec) => concepts.add(place, spec, &mut terms),
                RuleKind::Links(spec) => links.add(place, spec),
                RuleKind::Contact => contacts.add(place),
                RuleKind::Classifier(spec) => classifiers.push((place, *spec)),
                RuleKind::Repetition(limit) => repetitions.add(place, limit, &mut concepts, &mut terms),
            }
        }
        let set = Self(Arc::new(Compiled {
            names: rules.iter().map(|rule| rule.name.as_str().into()).collect(),
            has_rooms: rules.iter().any(|rule| rule.rooms.is_some()),
            rules: rules.into(),
            terms: terms.build()?,
            regexes: regexes.build()?,
            concepts,
            links,
            contacts,
            classifiers,
            repetitions,
        }));
        set.0.check_examples()?;
        Ok(set)
    }

    /// The rules as they were written, in their order.
    pub fn rules(&self) -> &[Rule] {
        &self.0.rules
    }

    /// Whether some rule asks what was said before: or else nothing need be remembered of a text.
    pub fn looks_back(&self) -> bool {
        self.0.looks_back()
    }

    /// Whether some rule asks what was said in other rooms.
    pub fn looks_over_rooms(&self) -> bool {
        self.0.repetitions.look_over_rooms()
    }

    /// Returns what is remembered of a text that was accepted.
    pub fn trace(&self, text: &str) -> Trace {
        let (text, mut found) = (Text::of(text), Found::default());
        self.0.terms.search(&text, &mut found);
        let touched = self.0.concepts.touched(found.concepts, &text);
        self.0.trace(&text, &touched)
    }

    /// Judges a text by itself, outside of any room.
    pub fn check(&self, text: &str) -> Verdict {
        self.judge(&Said { text, room: None, earlier: &Earlier::default() })
    }

    /// Judges what is said.
    pub fn judge(&self, said: &Said<'_>) -> Verdict {
        self.judge_by(said, None)
    }

    /// Judges what is said, by the encoder's logits as well where there are any; see [`Verdict::asks`].
    pub fn judge_by(&self, said: &Said<'_>, meaning: Option<Meaning>) -> Verdict {
        let set = &*self.0;
        let is_here = |rule: &Rule| {
            let is_room = |rooms: &Vec<RoomId>| said.room.is_some_and(|room| rooms.contains(&room));
            rule.rooms.as_ref().is_none_or(is_room)
        };
        let judged = set.find(said.text, said.earlier, meaning, is_here);
        let verdict = if judged.hits.is_empty() {
            Verdict::default()
        } else {
            let refusing = judged.hits.into_iter().filter(|hit| set.rules[hit.rule].action != Action::Allow);
            let explanation = LazyCell::new(|| Explanation::of(&judged.text, set.terms.words()));
            let mut matches: Vec<Match> = refusing.map(|hit| set.to_match(hit, &explanation)).collect();
            arbiter::arbitrate(&mut matches, &judged.text);
            Verdict::of(matches)
        };
        let may_ask = judged.is_scored && meaning.is_none() && verdict.action < Some(Action::Block);
        let asks = if may_ask { judged.scores.ask() } else { Asks::Never };
        Verdict { scores: judged.scores, asks, trace: judged.trace, ..verdict }
    }

    /// Counts how many texts of a corpus each of these rules matches by itself, rules in the shadow too, in their order;
    /// see [`Tally`].
    pub fn hit_rates<'t>(&self, rules: &[RuleId], texts: impl IntoIterator<Item = &'t str>) -> Vec<HitRate> {
        let mut tally = Tally::new(self, rules);
        for text in texts {
            tally.count(&Said { text, room: None, earlier: &Earlier::default() });
        }
        tally.rates()
    }
}

impl Compiled {
    /// Where rules match, after what lifts them.
    fn find<'a>(
        &self,
        text: &'a str,
        earlier: &Earlier,
        meaning: Option<Meaning>,
        is_here: impl Fn(&Rule) -> bool,
    ) -> Judged<'a> {
        let text = Text::of(text);
        let mut found = Found::default();
        self.terms.search(&text, &mut found);
        self.regexes.search(&text, |rule, span| found.push(rule, span));
        self.links.search(&text, |rule, span| found.push(rule, span));
        self.contacts.search(&text, |rule, span| found.push(rule, span));
        let scores = self.classify(&text, meaning, &mut found);
        let is_scored = scores.is_some();
        let scores = scores.unwrap_or_default();

        let touched = self.concepts.touched(std::mem::take(&mut found.concepts), &text);
        self.concepts.matches(&touched, earlier, |rule, span| found.push(rule, span));
        let trace = self.trace(&text, &touched);
        if let Some(whole) = repetition::whole(&text) {
            self.search_pieces(&trace, earlier, &whole, &mut found);
            self.repetitions.matches(&trace, &touched, earlier, |rule| found.push(rule, whole.clone()));
        }

        let mut hits = found.hits;
        if self.has_rooms {
            hits.retain(|hit| is_here(&self.rules[hit.rule]));
        }
        if !hits.is_empty() {
            let language = text.language();
            hits.retain(|hit| {
                let languages = self.rules[hit.rule].languages.as_ref();
                languages.is_none_or(|languages| language.is_among(languages))
            });
            let elsewhere: Vec<Range<usize>> = hits
                .extract_if(.., |hit| self.is_of_another_language(hit, language, &text))
                .map(|hit| hit.span)
                .collect();
            hits = lift::lift(hits, &self.rules, text.original);
            self.lift_reactions(&mut hits, elsewhere, &text);
        }
        Judged { text, hits, scores, is_scored, trace }
    }

    /// Lifts matches of the classifier that come from words which a live rule allows, or which are of another language.
    fn lift_reactions(&self, hits: &mut Vec<Hit>, elsewhere: Vec<Range<usize>>, text: &Text<'_>) {
        if hits.iter().all(|hit| hit.score.is_none()) {
            return;
        }
        let mut allowed = elsewhere;
        allowed.extend(lift::allowed(hits, &self.rules));
        if allowed.is_empty() {
            return;
        }
        let explanation = Explanation::of(text, self.terms.words());
        hits.retain(|hit| match &self.rules[hit.rule].kind {
            RuleKind::Classifier(Threshold { head, threshold }) => {
                !explanation.is_of_allowed(*head, *threshold, &allowed)
            }
            _ => true,
        });
    }

    /// Returns whether a hit of a shipped list is an ordinary word of another language, which the text is in, or seems to be.
    /// What is only near a listed word counts in no other language.
    fn is_of_another_language(&self, hit: &Hit, language: Language, text: &Text<'_>) -> bool {
        let RuleKind::Terms(Terms::Lexicon(lexicon)) = &self.rules[hit.rule].kind else { return false };
        let is_homograph = || language::is_ordinary_elsewhere(&text.original[hit.span.clone()]);
        match language {
            Language::Other(_) => hit.near || is_homograph(),
            Language::Unsure => {
                let shown = text.skeleton.text();
                let speaks = |token: &Token| Speaks {
                    attacks: Classifier::attacks(shown, token),
                    is_known: is_class_word(shown, token),
                };
                let place = text.words().within(&hit.span);
                is_homograph() && language::is_elsewhere(text.words(), &place, lexicon.language(), speaks)
            }
            Language::English | Language::French => false,
        }
    }

    /// Finds terms that are split over the sender's last messages, this one included.
    fn search_pieces(&self, trace: &Trace, earlier: &Earlier, whole: &Range<usize>, found: &mut Found) {
        let Some(last) = trace.piece() else { return };
        let mut joined = last.to_owned();
        for piece in earlier.pieces() {
            joined.insert_str(0, piece);
            let mut split = Found::default();
            self.terms.search(&Text::of(&joined), &mut split);
            let is_whole = |hit: &&Hit| {
                hit.role == Role::Match
                    && !hit.near
                    && hit.span == (0..joined.len())
                    && self.rules[hit.rule].action != Action::Allow
            };
            for hit in split.hits.iter().filter(is_whole) {
                found.push(hit.rule, whole.clone());
            }
        }
    }

    /// Returns what is remembered of a text that touches these concepts.
    fn trace(&self, text: &Text<'_>, touched: &[Touched]) -> Trace {
        if self.looks_back() {
            repetition::trace(text, touched, self.repetitions.look_over_rooms())
        } else {
            Trace::default()
        }
    }

    fn looks_back(&self) -> bool {
        !self.repetitions.is_empty() || !self.concepts.is_empty() || !self.terms.is_nothing()
    }

    /// Finds the rules whose heads reach their thresholds; returns the scores where the text has any.
    fn classify(&self, text: &Text<'_>, meaning: Option<Meaning>, found: &mut Found) -> Option<Scores> {
        if self.classifiers.is_empty() {
            return None;
        }
        let whole = repetition::whole(text)?;
        let language = text.language();
        if matches!(language, Language::Other(_)) || !text.has_words(self.terms.words()) {
            return None;
        }
        let classifier = Classifier::shipped();
        let mut logits = classifier.logits_of(text.skeleton.text(), text.tokens(), language);
        if let Some(repaired) = text.repaired(self.terms.words()) {
            logits = logits.max(classifier.logits_of(repaired.view.text(), &repaired.tokens, language));
        }
        let mut scores = meaning.map_or(logits, |meaning| meaning.joined(logits)).scores();
        let reaches = |&(_, Threshold { head, threshold }): &(usize, Threshold)| {
            head == Head::Hate && f64::from(scores.hate) >= threshold
        };
        if self.classifiers.iter().any(reaches) && only_names(text.skeleton.text(), &text.tokens().list) {
            scores.set(Head::Hate, 0.0);
        }
        for (rule, Threshold { head, threshold }) in &self.classifiers {
            let score = scores.of(*head);
            if f64::from(score) >= *threshold {
                let span = whole.clone();
                found.hits.push(Hit {
                    rule: *rule,
                    role: Role::Match,
                    span,
                    score: Some(score),
                    near: false,
                });
            }
        }
        Some(scores)
    }

    fn to_match(&self, hit: Hit, explanation: &Explanation<'_>) -> Match {
        let rule = &self.rules[hit.rule];
        let words = match &rule.kind {
            RuleKind::Classifier(threshold) => explanation.words(threshold.head),
            _ => Vec::new(),
        };
        Match {
            rule: rule.id,
            version: rule.version,
            name: Arc::clone(&self.names[hit.rule]),
            kind: rule.kind.name(),
            category: rule.category,
            action: rule.action,
            lowered: hit.near.then_some(Lowered::Near),
            shadow: rule.state == State::Shadow,
            score: hit.score,
            span: hit.span,
            words,
        }
    }

    fn check_examples(&self) -> Result<(), RuleError> {
        for (at, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.state.is_evaluated()) {
            let matches = |text: &str| self.is_matched(at, text);
            if let Some(place) = rule.must_match.iter().position(|text| !matches(text)) {
                return Err(field(rule, &format!("must_match[{place}]"), FieldProblem::NotMatched));
            }
            if let Some(place) = rule.must_not_match.iter().position(|text| matches(text)) {
                return Err(field(rule, &format!("must_not_match[{place}]"), FieldProblem::Matched));
            }
        }
        Ok(())
    }

    /// Whether a rule matches an example: in any room, and for a limit on repetition as if it was reached.
    fn is_matched(&self, rule: usize, text: &str) -> bool {
        let judged = self.find(text, &Earlier::default(), None, |_| true);
        if !self.repetitions.has(rule) {
            return judged.hits.iter().any(|hit| hit.rule == rule);
        }
        let mut found = Found::default();
        self.terms.search(&judged.text, &mut found);
        let touched = self.concepts.touched(std::mem::take(&mut found.concepts), &judged.text);
        if let Some(whole) = repetition::whole(&judged.text)
            && self.repetitions.would_match(rule, &touched)
        {
            found.push(rule, whole);
        }
        lift::lift(found.hits, &self.rules, text).iter().any(|hit| hit.rule == rule)
    }
}

impl fmt::Debug for RuleSet {
    /// How many, not which: a set may hold half a million terms.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleSet")
            .field("rules", &self.0.rules.len())
            .field("terms", &self.0.terms.len())
            .finish_non_exhaustive()
    }
}

impl Default for RuleSet {
    /// No rules: every text passes.
    fn default() -> Self {
        Self::compile(Vec::new()).expect("nothing can be wrong with no rules")
    }
}
