//! A hundred thousand phrases and more in a few megabytes, found in the time that a text's words take.
//!
//! A form parts into segments wherever a word may begin or end, and a phrase that begins and ends at such a place is a
//! sequence of segments: so phrases are a tree over the numbers of their segments.

use std::{collections::HashMap, ops::Range, sync::Arc};

use super::{
    form::{Form, is_edge_between, is_gap},
    pattern::{self, Pattern, Role},
    spellings::{Bits, Spellings, SpellingsBuilder, narrow},
};

/// A segment's spelling and what stands before it, as one number.
type Step = u32;
/// What stands before a segment: nothing, a space, or a full stop.
const GAP_BITS: u32 = 2;

/// The longest word that is asked for by its letters.
const MAX_COLLAPSED: usize = 32;

/// Phrases, compiled together.
#[derive(Debug)]
pub(super) struct Phrases {
    spellings: Spellings,
    /// The tree. The first nodes are those of the spellings, in their order, for phrases that begin with one; the
    /// children of a node follow one another, in the order of their steps.
    nodes: Box<[Node]>,
    ends: Box<[End]>,
    /// How often the letters of phrases are repeated, each sequence once.
    runs: Box<[u8]>,
    idioms: Vec<Arc<[String]>>,
    /// Bits of pairs of a spelling and the step after it that begin a phrase.
    pairs: Bits,
}

/// A node of the tree; the next one says where its children and ends stop.
#[derive(Debug, Clone, Copy)]
struct Node {
    step: Step,
    children: u32,
    ends: u32,
}

/// A phrase that ends at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct End {
    owner: u16,
    is_concept: bool,
    letters: u8,
    idioms: u8,
    /// Where its runs are; [`SINGLE`] where no letter is repeated.
    runs: u32,
}

const SINGLE: u32 = u32::MAX;
/// Bits for the pairs that begin phrases, of which there are some thousands.
const PAIR_BITS: u32 = 1 << 18;

/// Phrases that are being collected.
#[derive(Default)]
pub(super) struct PhrasesBuilder {
    spellings: SpellingsBuilder,
    /// The steps of all phrases, one after the other.
    steps: Vec<Step>,
    phrases: Vec<(Range<u32>, End)>,
    runs: Vec<u8>,
    places_of_runs: HashMap<Box<[u8]>, u32>,
    idioms: Vec<Arc<[String]>>,
}

impl PhrasesBuilder {
    /// Takes a pattern that is a phrase, or gives it back.
    pub(super) fn add(&mut self, text: String, pattern: Pattern) -> Result<(), (String, Pattern)> {
        let is_whole = !text.contains(is_gap);
        let fits = pattern.is_phrase() && (is_whole || text.contains(' '));
        let (true, Ok(owner), Ok(letters)) =
            (fits, u16::try_from(pattern.rule), u8::try_from(pattern.letters))
        else {
            return Err((text, pattern));
        };
        let idioms = self.idioms(&pattern.idioms);
        let is_concept = pattern.role == Role::Concept;
        let end = End { owner, is_concept, letters, idioms, runs: self.runs(&pattern.runs) };
        let start = self.steps.len();
        for Segment { bytes, gap } in segments(&text) {
            self.steps.push(self.spellings.insert(&text[bytes]) << GAP_BITS | gap);
        }
        let parts = self.steps.len() - start;
        self.phrases.push((narrow(start)..narrow(start + parts), end));
        Ok(())
    }

    fn runs(&mut self, runs: &[u8]) -> u32 {
        if runs.iter().all(|&run| run == 1) {
            return SINGLE;
        }
        *self.places_of_runs.entry(runs.into()).or_insert_with(|| {
            self.runs.extend(runs);
            narrow(self.runs.len() - runs.len())
        })
    }

    fn idioms(&mut self, idioms: &Arc<[String]>) -> u8 {
        let place = self.idioms.iter().position(|one| one == idioms).unwrap_or_else(|| {
            self.idioms.push(Arc::clone(idioms));
            self.idioms.len() - 1
        });
        u8::try_from(place).expect("few headings have idioms")
    }

    pub(super) fn build(self) -> Phrases {
        let Self { spellings, steps, mut phrases, runs, idioms, .. } = self;
        let steps_of = |range: &Range<u32>| &steps[range.start as usize..range.end as usize];
        phrases.sort_unstable_by(|(one, end), (other, other_end)| {
            let key = |end: &End| (end.is_concept, end.owner, end.runs);
            steps_of(one).cmp(steps_of(other)).then(key(end).cmp(&key(other_end)))
        });
        phrases.dedup_by(|(later, end), (earlier, other_end)| {
            end == other_end && steps_of(later) == steps_of(earlier)
        });
        let mut pairs = Bits::new(PAIR_BITS);
        let mut nodes: Vec<Node> = Vec::new();
        let mut ends: Vec<End> = Vec::new();
        // Level by level: the phrases below each node, and how many steps lead there.
        let mut below: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        for spelling in 0..spellings.len() {
            let first = at;
            while phrases.get(at).is_some_and(|(range, _)| steps_of(range)[0] == spelling << GAP_BITS) {
                at += 1;
            }
            nodes.push(Node { step: spelling << GAP_BITS, children: 0, ends: 0 });
            below.push(first..at);
        }
        let mut depth = 1;
        let mut level = 0..nodes.len();
        while !level.is_empty() {
            for node in level.clone() {
                let Range { start, end } = below[node].clone();
                nodes[node].ends = narrow(ends.len());
                nodes[node].children = narrow(nodes.len());
                let mut at = start;
                while at < end {
                    let steps = steps_of(&phrases[at].0);
                    let Some(&step) = steps.get(depth) else {
                        ends.push(phrases[at].1);
                        at += 1;
                        continue;
                    };
                    let first = at;
                    while at < end && steps_of(&phrases[at].0).get(depth) == Some(&step) {
                        at += 1;
                    }
                    if depth == 1 {
                        pairs.set(pair(steps[0], step));
                    }
                    nodes.push(Node { step, children: 0, ends: 0 });
                    below.push(first..at);
                }
            }
            level = level.end..nodes.len();
            depth += 1;
        }
        nodes.push(Node { step: 0, children: narrow(nodes.len()), ends: narrow(ends.len()) });
        Phrases {
            spellings: spellings.build(),
            nodes: nodes.into(),
            ends: ends.into(),
            runs: runs.into(),
            idioms,
            pairs,
        }
    }
}

/// A phrase that was found.
pub(super) struct Place {
    /// Whose phrase.
    pub(super) owner: usize,
    pub(super) role: Role,
    /// The bytes of the form.
    pub(super) at: Range<usize>,
}

impl Phrases {
    /// Whether letters are a word of some phrase.
    pub(super) fn has_word(&self, letters: &[u8]) -> bool {
        let mut once = [0; MAX_COLLAPSED];
        if letters.len() > MAX_COLLAPSED {
            return false;
        }
        let mut length = 0;
        for &letter in letters {
            if length == 0 || once[length - 1] != letter {
                once[length] = letter;
                length += 1;
            }
        }
        self.spellings.find(&once[..length]).is_some()
    }

    /// Looks for every phrase in a form.
    pub(super) fn search(&self, form: &Form, mut report: impl FnMut(Place)) {
        let mut known: Vec<(Range<usize>, Option<Step>)> = Vec::with_capacity(form.text.len() / 4 + 1);
        known.extend(segments(&form.text).map(|Segment { bytes, gap }| {
            let spelling = self.spellings.find(&form.text.as_bytes()[bytes.clone()]);
            (bytes, spelling.map(|spelling| spelling << GAP_BITS | gap))
        }));
        for (at, (first, step)) in known.iter().enumerate() {
            let Some(spelling) = step.map(|step| step >> GAP_BITS) else { continue };
            let mut node = spelling as usize;
            self.report(node, form, first.clone(), &mut report);
            let second = known.get(at + 1).and_then(|&(_, step)| step);
            if !second.is_some_and(|second| self.pairs.may_have(pair(spelling << GAP_BITS, second))) {
                continue;
            }
            for (bytes, step) in &known[at + 1..] {
                let Some(child) = step.and_then(|step| self.child(node, step)) else { break };
                node = child;
                self.report(node, form, first.start..bytes.end, &mut report);
            }
        }
    }

    fn child(&self, node: usize, step: Step) -> Option<usize> {
        let first = self.nodes[node].children as usize;
        let children = &self.nodes[first..self.nodes[node + 1].children as usize];
        children.binary_search_by_key(&step, |child| child.step).ok().map(|at| first + at)
    }

    fn report(&self, node: usize, form: &Form, at: Range<usize>, report: &mut impl FnMut(Place)) {
        for end in &self.ends[self.nodes[node].ends as usize..self.nodes[node + 1].ends as usize] {
            if self.holds(end, form, &at) {
                let role = if end.is_concept { Role::Concept } else { Role::Match };
                report(Place { owner: end.owner.into(), role, at: at.clone() });
            }
        }
    }

    /// Whether the phrase really is where its letters are: as [`Pattern::holds`] says of any pattern.
    fn holds(&self, end: &End, form: &Form, at: &Range<usize>) -> bool {
        let letters = usize::from(end.letters);
        let runs = match end.runs {
            SINGLE => None,
            place => Some(&self.runs[place as usize..place as usize + at.len()]),
        };
        let stretched = Some(pattern::loose(letters));
        let least = |place: usize| runs.map_or(1, |runs| runs[place - at.start]);
        at.clone().all(|place| pattern::is_run(form, place, least(place), stretched))
            && !pattern::is_idiom(&self.idioms[usize::from(end.idioms)], form, at.end)
    }
}

/// Letters, digits or a sign between two places where a word may begin or end.
struct Segment {
    bytes: Range<usize>,
    gap: u32,
}

/// The segments of a form's text.
fn segments(text: &str) -> impl Iterator<Item = Segment> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let gap = match bytes.get(at)? {
            b' ' => 1,
            b'.' => 2,
            _ => 0,
        };
        let start = at + usize::from(gap > 0);
        if start == bytes.len() {
            return None;
        }
        at = start + end_of_segment(&text[start..]);
        Some(Segment { bytes: start..at, gap })
    })
}

fn end_of_segment(text: &str) -> usize {
    // Nearly every segment is a word of small Latin letters, and a gap or the end follows.
    let letters = text.bytes().take_while(u8::is_ascii_lowercase).count();
    if letters > 0 && text.as_bytes().get(letters).is_none_or(|byte| matches!(byte, b' ' | b'.')) {
        return letters;
    }
    let mut chars = text.char_indices();
    let Some((_, mut before)) = chars.next() else { return 0 };
    for (at, c) in chars {
        if is_edge_between(before, c) {
            return at;
        }
        before = c;
    }
    text.len()
}

fn pair(first: Step, second: Step) -> u64 {
    (u64::from(first) << 32 | u64::from(second)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
