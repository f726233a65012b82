//! What is said about hate is not hate: a quotation, a denial or a protest makes of a block a hold, so that a moderator
//! sees it. It never makes it pass: quotation marks are no way around the filter.

use std::{ops::Range, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::{
    negation,
    rule::{Action, Category},
    text::Text,
    token::Words,
    verdict::Match,
    word_lists::{Lists, PhraseList, WordLists},
};

/// Why a match asks for less than its rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lowered {
    /// It stands between quotation marks.
    Quoted,
    /// It is denied: "nobody should be called ...".
    Negated,
    /// It is reported or condemned: "he called me ...", "... is racist".
    Countered,
    /// The text is only near what the rule looks for: a slur with a letter too few.
    Near,
    /// Somebody else was asked, and decided.
    Opinion,
}

impl Lowered {
    /// The word for it in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quoted => "quoted",
            Self::Negated => "negated",
            Self::Countered => "countered",
            Self::Near => "near",
            Self::Opinion => "opinion",
        }
    }
}

/// How far from what it condemns, in words, a protest counts.
const REACH: usize = 12;
/// How far, in bytes, one quotation mark may be from the other.
const MAX_QUOTED: usize = 1_000;

const LISTS_FILE: &str = include_str!("arbiter.txt");

const PROTESTS: Lists = 1;
const SAYS: Lists = 1 << 1;

static LISTS: LazyLock<WordLists> =
    LazyLock::new(|| WordLists::of(LISTS_FILE, &[(PROTESTS, "protests"), (SAYS, "saying")]));

/// What tells that it was said by another.
static REPORTS: LazyLock<PhraseList> = LazyLock::new(|| PhraseList::of(LISTS_FILE, "reports"));

/// Lowers to a hold what is quoted, denied or condemned, and what is only near a word.
///
/// A match of the whole text, the classifier's, is lowered where every match of a part of it was: it saw nothing else.
pub(super) fn arbitrate(matches: &mut [Match], text: &Text<'_>) {
    for hit in matches.iter_mut().filter(|hit| hit.lowered == Some(Lowered::Near)) {
        hit.action = hit.action.min(Action::Hold);
    }
    if !matches.iter().any(may_be_lowered) {
        return;
    }
    let words = &text.words();
    let quotations = quotations(text.original);
    for hit in matches.iter_mut().filter(|hit| may_be_lowered(hit) && hit.score.is_none()) {
        hit.lowered = reason(&hit.span, words, &quotations);
    }
    let mut of_parts = matches.iter().filter(|hit| may_be_lowered(hit) && hit.score.is_none() && !hit.shadow);
    let first = of_parts.next().and_then(|hit| hit.lowered);
    let all = first.filter(|_| of_parts.all(|hit| hit.lowered.is_some()));
    for hit in matches.iter_mut().filter(|hit| may_be_lowered(hit)) {
        if hit.score.is_some() {
            hit.lowered = all;
        }
        if hit.lowered.is_some() {
            hit.action = Action::Hold;
        }
    }
}

fn may_be_lowered(hit: &Match) -> bool {
    hit.action > Action::Hold
        && matches!(hit.category, Category::Hate | Category::Threat | Category::Harassment)
}

fn reason(span: &Range<usize>, words: &Words<'_>, quotations: &[Range<usize>]) -> Option<Lowered> {
    let before = quotations.partition_point(|quoted| quoted.start <= span.start);
    if before > 0 && span.end <= quotations[before - 1].end {
        return Some(Lowered::Quoted);
    }
    let phrase = words.within(span);
    if is_countered(words, &phrase) {
        return Some(Lowered::Countered);
    }
    is_negated(words, &phrase).then_some(Lowered::Negated)
}

/// What stands between quotation marks of one kind, the marks included.
fn quotations(text: &str) -> Vec<Range<usize>> {
    let mut quotations = Vec::new();
    let mut open: Option<(usize, char)> = None;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let after = text[at + c.len_utf8()..].chars().next().unwrap_or(' ');
        match open {
            Some((start, mark)) if is_closing(c, mark) && !(is_single(mark) && after.is_alphanumeric()) => {
                if at - start <= MAX_QUOTED {
                    quotations.push(start..at + c.len_utf8());
                }
                open = None;
            }
            // An apostrophe begins no quotation within a word.
            _ if is_opening(c) && !(is_single(c) && before.is_alphanumeric()) => {
                open = Some((at, c));
            }
            _ => {}
        }
        before = c;
    }
    quotations
}

fn is_opening(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '\'' | '‘' | '‹' | '「' | '`' | '＂')
}

fn is_single(c: char) -> bool {
    matches!(c, '\'' | '‘')
}

fn is_closing(c: char, mark: char) -> bool {
    match mark {
        '"' | '＂' | '`' => c == mark,
        '“' | '”' | '„' | '‟' => matches!(c, '”' | '“' | '"'),
        '«' => c == '»',
        '»' => matches!(c, '«' | '»'),
        '\'' | '‘' => matches!(c, '\'' | '’'),
        '‹' => c == '›',
        _ => c == '」',
    }
}

fn is_countered(words: &Words<'_>, phrase: &Range<usize>) -> bool {
    let from = phrase.start.saturating_sub(REACH);
    let to = words.len().min(phrase.end + REACH);
    let around = (from..phrase.start).chain(phrase.end..to);
    if around.clone().any(|at| LISTS.having(words.get(at)) & PROTESTS != 0) {
        return true;
    }
    (from..phrase.start).any(|at| at + 1 < phrase.start && REPORTS.begins_at(words, at))
}

/// "We don't say ...", "never kill ...", "not a ...": a denial of the deed. "No ... here" and "we do not want ..." deny
/// people, and stay what they are.
fn is_negated(words: &Words<'_>, phrase: &Range<usize>) -> bool {
    let Some(denial) = negation::denial_before(words, phrase.start) else { return false };
    if words.before(phrase.start).take(denial.distance).any(|word| LISTS.having(word) & SAYS != 0) {
        return true;
    }
    let is_article = negation::is_article(words.get(phrase.start.wrapping_sub(1)));
    !denial.of_people && ((phrase.len() > 1 && denial.distance <= 2) || (denial.distance == 2 && is_article))
}
