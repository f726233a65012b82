//! Reads the tokens of a text, and repairs what is disguised.

use std::ops::Range;

use super::{
    Repair, ordinary, reading,
    segment::{self, Lexis, segment},
    stars,
    targets::{MIN_LETTERS, Target, hash_of},
    turned,
};
use crate::{
    classifier::is_class_word,
    hash,
    normalize::{Span, View},
    token::Token,
};

/// The most bytes between two pieces of one word, and the most characters between two letters that were set apart.
const MAX_GAP: usize = 3;
/// A broken word has no more pieces than this, and no more letters.
const MAX_PIECES: usize = 10;
const MAX_JOINED: usize = 24;
/// The first piece of a broken word is shorter than this.
const MAX_BROKEN: usize = 14;
/// Fewer letters set apart than this are initials, not a word.
const MIN_SPELLED: usize = 3;
/// So many letters set apart that are no words are not looked at again.
const MAX_STRAY: usize = 10;
/// Letters of words that were run together.
const MIN_RUN_TOGETHER: usize = 8;
/// The most bytes between two spaces that are read as a whole.
const MAX_CHUNK: usize = 96;

/// Reads tokens one after the other.
pub(super) struct Reader<'a> {
    pub(super) lexis: &'a Lexis<'a>,
    pub(super) view: &'a View,
    pub(super) text: &'a str,
    pub(super) list: &'a [Token],
    pub(super) is_turned: bool,
    /// The original where it has letters that are neither French nor English.
    pub(super) foreign: &'a str,
    pub(super) repairs: Vec<Repair>,
}

impl Reader<'_> {
    /// Reads what begins with these tokens.
    pub(super) fn read(&mut self, tokens: Range<usize>) {
        let mut at = tokens.start;
        while at < tokens.end {
            at = self.step(at);
        }
    }

    /// Reads what begins with a token, and says which token is next.
    #[inline]
    fn step(&mut self, at: usize) -> usize {
        let token = &self.list[at];
        let length = token.bytes.len();
        if (length == 1 || token.is_doubled || !token.is_plain)
            && self.single(at).is_some()
            && let Some(next) = self.spelled(at)
        {
            return next;
        }
        if self.is_odd(at)
            && let Some(next) = self.chunk(at)
        {
            return next;
        }
        if length < MAX_BROKEN
            && self.lexis.targets.may_begin(self.list[at].hash)
            && let Some(next) = self.broken(at)
        {
            return next;
        }
        self.word(at);
        at + 1
    }

    fn letters(&self, at: usize) -> &[u8] {
        &self.text.as_bytes()[self.list[at].bytes.clone()]
    }

    fn is_known(&self, at: usize) -> bool {
        self.lexis.vocabulary.has(self.list[at].hash) || is_class_word(self.text, &self.list[at])
    }

    /// The letter that a token is alone: written once or several times, a sign for it, or a flag's.
    #[inline]
    fn single(&self, at: usize) -> Option<u8> {
        let letters = self.letters(at);
        let first = letters[0];
        if first.is_ascii_lowercase() {
            return letters.iter().all(|&other| other == first).then_some(first);
        }
        if letters.len() == 1 {
            return reading::letters_of(char::from(first)).map(|letters| letters.as_bytes()[0]);
        }
        if first.is_ascii() || letters.len() > 4 {
            return None;
        }
        let c = self.text[self.list[at].bytes.clone()].chars().next()?;
        flag_letter(c).or_else(|| reading::letters_of(c).map(|letters| letters.as_bytes()[0]))
    }

    /// Letters that were set apart, as words; says which token is next where there are enough.
    fn spelled(&mut self, at: usize) -> Option<usize> {
        let mut letters: Vec<(u8, Span)> = Vec::new();
        let mut last = self.list[at].bytes.start;
        let mut known = 0;
        let mut next = at;
        let start = last;
        while next < self.list.len() && letters.len() < segment::MAX_LETTERS {
            let bytes = self.list[next].bytes.clone();
            if self.text[last..bytes.start].chars().nth(MAX_GAP).is_some() {
                break;
            }
            match self.single(next) {
                Some(letter) => {
                    known += usize::from(!self.letters(next)[0].is_ascii_digit());
                    letters.push((letter, self.span(bytes.clone())));
                    last = bytes.end;
                }
                // Another symbol between two letters.
                None if self.text[bytes.clone()].chars().all(|c| !c.is_alphanumeric()) => {}
                None => break,
            }
            next += 1;
        }
        if letters.len() < MIN_SPELLED || known < 2 {
            return None;
        }
        let plain: Vec<u8> = letters.iter().map(|&(letter, _)| letter).collect();
        if let Some(words) = segment(&plain, self.lexis, true) {
            self.repairs.push(Repair { at: start..last, letters: apart(&letters, &words), near: false });
            return Some(next);
        }
        // A word may still begin among a few letters, and many are looked at once.
        (letters.len() > MAX_STRAY).then_some(next)
    }

    fn span(&self, bytes: Range<usize>) -> Span {
        let spans = self.view.spans();
        spans[bytes.start].to(spans[bytes.end - 1])
    }

    /// Whether a token has other than letters in it, or a sign right beside it and no space behind that.
    #[inline]
    fn is_odd(&self, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        let Range { start, end } = self.list[at].bytes;
        let is_beside = match bytes.get(end) {
            None | Some(b' ' | b'\'') => false,
            Some(_) => bytes.get(end + 1).is_some_and(|&next| next != b' '),
        };
        is_beside
            || (!self.foreign.is_empty() && (start..end).any(|place| self.as_written(place).is_some()))
            || (!self.list[at].is_plain
                && !bytes[start..end].iter().all(|&byte| byte.is_ascii_lowercase() || byte == b'\''))
    }

    /// The character of the original that a letter was made of, where it looks like others too.
    fn as_written(&self, place: usize) -> Option<char> {
        let written = self.foreign.get(self.view.spans()[place].range())?.chars().next()?;
        (!written.is_ascii() && reading::letters_of(written).is_some()).then_some(written)
    }

    /// Reads what stands between two spaces and is not only letters.
    fn chunk(&mut self, at: usize) -> Option<usize> {
        let token = self.list[at].bytes.clone();
        let before = at.checked_sub(1).map_or(0, |before| self.list[before].bytes.end);
        let is_sign = |c: &char| reading::is_of_run(*c);
        let start = token.start
            - self.text[before..token.start]
                .chars()
                .rev()
                .take_while(is_sign)
                .map(char::len_utf8)
                .sum::<usize>();
        let rest = &self.text.as_bytes()[token.start..self.text.len().min(token.start + MAX_CHUNK)];
        let length = rest.iter().position(|&byte| byte == b' ').unwrap_or(rest.len());
        let end = self.text.floor_char_boundary(token.start + length);
        let chunk = start..end;

        let run: Vec<(usize, char)> =
            self.text[chunk.clone()].char_indices().take_while(|&(_, c)| reading::is_of_run(c)).collect();
        let as_written = |&(at, c): &(usize, char)| self.as_written(start + at).unwrap_or(c);
        let chars: Vec<char> = run.iter().map(as_written).collect();
        let written = &self.text[chunk.clone()];
        let is_address = written.contains(['@', '/']) && written.contains('.') && !written.contains("](");
        let reading =
            reading::read(&chars, self.lexis).filter(|reading| !is_address || reading.rank >= Lexis::CLASS);
        let is_target = reading.as_ref().is_some_and(|reading| reading.rank >= Lexis::TARGET);
        let repair = if is_target || is_address {
            None
        } else {
            self.joined(&chunk).or_else(|| self.starred(&chunk)).or_else(|| self.starred(&token))
        };
        let repair = match (repair, reading) {
            (Some(repair), _) => repair,
            (None, Some(reading)) => self.as_read(start, &run, &reading),
            (None, None) => return None,
        };
        let next = at + self.list[at..].partition_point(|token| token.bytes.start < repair.at.end);
        self.repairs.push(repair);
        Some(next.max(at + 1))
    }

    /// A run of characters as it was read.
    fn as_read(&self, start: usize, run: &[(usize, char)], reading: &reading::Reading) -> Repair {
        let inside = &run[reading.outside.0..run.len() - reading.outside.1];
        let place = |at: usize| start + inside[at].0;
        let end = place(inside.len() - 1) + inside[inside.len() - 1].1.len_utf8();
        let at = place(0)..end;
        let spans = self.view.spans();
        let letters: Vec<(u8, Span)> = reading
            .letters
            .iter()
            .enumerate()
            .map(|(index, &letter)| (letter, spans[place(index)]))
            .collect();
        if reading.rank < Lexis::TARGET {
            if let Some(target) = self.lexis.targets.misspelt(hash_of(&reading.letters)) {
                return Repair { letters: self.whole(&at, &target.letters), at, near: true };
            }
            if reading.letters.len() >= MIN_RUN_TOGETHER
                && let Some(words) = segment(&reading.letters, self.lexis, false)
            {
                return Repair { at, letters: apart(&letters, &words), near: false };
            }
        }
        Repair { at, letters: as_chars(&letters).collect(), near: false }
    }

    /// A word that signs were put into: all of it is one that is looked for, and not all of its pieces are words.
    fn joined(&self, chunk: &Range<usize>) -> Option<Repair> {
        let text = &self.text[chunk.clone()];
        let mut letters: Vec<(u8, Span)> = Vec::new();
        let mut end = chunk.start;
        let (mut pieces, mut in_piece, mut target_of_link) = (0, false, false);
        for (at, c) in text.char_indices() {
            // The target of a Markdown link.
            target_of_link = (target_of_link || text[..at].ends_with("](")) && c != ')';
            if target_of_link {
                continue;
            }
            let letter = if c.is_ascii_lowercase() {
                u8::try_from(c).ok()
            } else if c.is_alphanumeric() || matches!(c, '@' | '$') {
                Some(reading::letters_of(c)?.as_bytes()[0])
            } else {
                None
            };
            let Some(letter) = letter else {
                in_piece = false;
                continue;
            };
            pieces += usize::from(!in_piece);
            in_piece = true;
            letters.push((letter, self.view.spans()[chunk.start + at]));
            end = chunk.start + at + c.len_utf8();
            if letters.len() > MAX_JOINED {
                return None;
            }
        }
        if pieces < 2 || letters.len() < MIN_LETTERS {
            return None;
        }
        let start = chunk.start + text.find(|c: char| c.is_alphanumeric())?;
        let plain: Vec<u8> = letters.iter().map(|&(letter, _)| letter).collect();
        let rank = self.lexis.rank(&plain);
        let mut of_text = text.split(|c: char| !c.is_ascii_lowercase()).filter(|piece| !piece.is_empty());
        let is_short = of_text.clone().all(ordinary::is_short);
        let is_known =
            of_text.all(|piece| piece.len() > 1 && self.lexis.vocabulary.has(hash_of(piece.as_bytes())));
        let is_meant = if rank == Lexis::SLUR { !is_short } else { !is_known && !is_short };
        (rank >= Lexis::TARGET && is_meant).then(|| Repair {
            at: start..end,
            letters: as_chars(&letters).collect(),
            near: false,
        })
    }

    /// A word with signs in the place of letters.
    fn starred(&self, chunk: &Range<usize>) -> Option<Repair> {
        let run = stars::starred(self.text, chunk.clone())?;
        let (word, near) = stars::find(self.lexis.targets, &self.text[run.clone()])?;
        Some(Repair { letters: self.whole(&run, &self.lexis.targets.word(word).letters), at: run, near })
    }

    /// A target whose pieces are the words from here on.
    fn broken(&mut self, at: usize) -> Option<usize> {
        let first = &self.list[at];
        let mut hash = first.hash;
        let mut length = first.bytes.len();
        let (mut found, mut is_close) = (None, true);
        for next in at + 1..self.list.len().min(at + MAX_PIECES) {
            let gap = &self.text[self.list[next - 1].bytes.end..self.list[next].bytes.start];
            let letters = self.letters(next);
            length += letters.len();
            if length > MAX_JOINED || gap.len() > MAX_GAP {
                break;
            }
            is_close &= is_gap(gap);
            hash = letters.iter().copied().fold(hash, hash::push);
            if !self.lexis.targets.may_begin(hash) {
                break;
            }
            if length >= MIN_LETTERS
                && let Some(target) = self.lexis.targets.exact(hash)
                && self.is_broken(at..next + 1, target, is_close)
            {
                found = Some(next + 1);
            }
        }
        let next = found?;
        let spans = self.view.spans();
        let pieces = self.list[at..next].iter().flat_map(|piece| piece.bytes.clone());
        let letters = pieces.map(|place| (char::from(self.text.as_bytes()[place]), spans[place])).collect();
        let at = first.bytes.start..self.list[next - 1].bytes.end;
        self.repairs.push(Repair { at, letters, near: false });
        Some(next)
    }

    /// Whether words are rather the pieces of another.
    fn is_broken(&self, pieces: Range<usize>, target: &Target, is_close: bool) -> bool {
        let is_short = |at: usize| std::str::from_utf8(self.letters(at)).is_ok_and(ordinary::is_short);
        let is_strange = |at: usize| self.letters(at).len() == 1 || !self.is_known(at);
        (target.is_plain_slur() && is_close && !pieces.clone().all(is_short))
            || (target.is_class && (is_strange(pieces.start) || is_strange(pieces.start + 1)))
    }

    /// Reads a word that is misspelt, turned, or several.
    #[inline]
    fn word(&mut self, at: usize) {
        let token = &self.list[at];
        let letters = self.letters(at);
        if !(4..=segment::MAX_LETTERS).contains(&letters.len()) {
            return;
        }
        let targets = self.lexis.targets;
        if let Some(target) = targets.misspelt(token.hash)
            && token.is_plain
            && (target.is_plain_slur() || !self.is_known(at))
        {
            self.read_as(at, &target.letters, true);
        } else if self.is_turned {
            self.turned(at);
        } else if (letters.len() >= MIN_RUN_TOGETHER || token.is_doubled)
            && !self.is_known(at)
            && token.is_plain
            && targets.exact(token.hash).is_none()
        {
            self.strange(at);
        }
    }

    /// Reads a word that nobody writes: letters repeated, or words run together.
    fn strange(&mut self, at: usize) {
        let letters = self.letters(at).to_vec();
        if self.lexis.own.is_some_and(|own| own.has(&letters)) {
            return;
        }
        if let Some(word) = self.lexis.own.and_then(|own| own.repeated(&letters)) {
            self.read_as(at, word, false);
        } else if let Some(target) = self.lexis.targets.repeated(&letters) {
            self.read_as(at, &target.letters, false);
        } else if letters.len() >= MIN_RUN_TOGETHER
            && let Some(words) = segment(&letters, self.lexis, false)
        {
            let bytes = self.list[at].bytes.clone();
            let spans = &self.view.spans()[bytes.clone()];
            let letters: Vec<(u8, Span)> = letters.into_iter().zip(spans.iter().copied()).collect();
            self.repairs.push(Repair { at: bytes, letters: apart(&letters, &words), near: false });
        }
    }

    fn turned(&mut self, at: usize) {
        let upright = turned::upright(&self.text[self.list[at].bytes.clone()]);
        if self.lexis.rank(upright.as_bytes()) >= Lexis::CLASS
            && !self.lexis.targets.exact(hash_of(upright.as_bytes())).is_some_and(|target| target.is_accented)
        {
            self.read_as(at, &upright, false);
        }
    }

    fn read_as(&mut self, at: usize, word: &str, near: bool) {
        let bytes = self.list[at].bytes.clone();
        self.repairs.push(Repair { letters: self.whole(&bytes, word), at: bytes, near });
    }

    /// A word that stands for some bytes as a whole.
    fn whole(&self, bytes: &Range<usize>, word: &str) -> Vec<(char, Span)> {
        let span = self.span(bytes.clone());
        word.chars().map(|letter| (letter, span)).collect()
    }
}

/// Letters as words, a space between two.
fn apart(letters: &[(u8, Span)], words: &[Range<usize>]) -> Vec<(char, Span)> {
    let mut apart = Vec::with_capacity(letters.len() + words.len());
    for range in words {
        if let Some(&(_, last)) = apart.last() {
            apart.push((' ', last));
        }
        apart.extend(as_chars(&letters[range.clone()]));
    }
    apart
}

fn as_chars(letters: &[(u8, Span)]) -> impl Iterator<Item = (char, Span)> {
    letters.iter().map(|&(letter, span)| (char::from(letter), span))
}

/// The letter of a regional indicator: two of them are a flag, and more of them a word.
fn flag_letter(c: char) -> Option<u8> {
    let letter = u32::from(c).checked_sub(0x1_f1e6).filter(|&letter| letter < 26)?;
    u8::try_from(u32::from('a') + letter).ok()
}

/// Whether what is between two pieces may stand inside a word: little, and no end of a sentence.
fn is_gap(between: &str) -> bool {
    let is_stop = |c| matches!(c, ',' | ';' | ':' | '!' | '?' | '\'' | '’');
    between.len() <= MAX_GAP
        && !between.contains(is_stop)
        && !(between.contains('.') && between.contains(' '))
}
