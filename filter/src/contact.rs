//! Contact details: e-mail addresses, phone numbers, and names on other networks.

mod handle;
mod mail;
mod number;
mod phone;

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;

use super::text::Text;

/// Fewer digits are no phone number.
const MIN_DIGITS: usize = 6;

/// What no e-mail address, spelled number or name on a network is without.
static HINTS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let hints = handle::NETWORKS.iter().chain(handle::LINKS).chain(mail::AT_WORDS).chain(number::FIRST_WORDS);
    // They begin with too many letters for a search that skips to the first.
    AhoCorasick::builder().prefilter(false).build(hints).expect("a few words are compiled")
});

/// The rules that look for contact details.
#[derive(Debug, Default)]
pub(super) struct ContactRules(Vec<usize>);

impl ContactRules {
    pub(super) fn add(&mut self, rule: usize) {
        self.0.push(rule);
    }

    /// Where rules match: everywhere that a contact detail is.
    pub(super) fn search(&self, text: &Text<'_>, mut push: impl FnMut(usize, Range<usize>)) {
        if self.0.is_empty() || !may_have_any(text.skeleton.text()) {
            return;
        }
        let shown = text.skeleton.text();
        let mut found = mail::addresses(shown);
        found.extend(phone::numbers(shown));
        found.extend(handle::handles(shown));
        for bytes in found {
            let span = text.skeleton.original(bytes);
            self.0.iter().for_each(|&rule| push(rule, span.clone()));
        }
    }
}

fn may_have_any(skeleton: &str) -> bool {
    skeleton.contains('@')
        || skeleton.bytes().filter(u8::is_ascii_digit).nth(MIN_DIGITS - 1).is_some()
        || HINTS.is_match(skeleton)
}
