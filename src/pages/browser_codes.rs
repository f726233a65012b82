//! Which browsers may take the demo users' tokens of `plic-chat dev`.
//!
//! A code stands in the links that the terminal shows. It lets one browser in, once: that browser gets a key in a cookie, and
//! the terminal shows another code. No header says where a browser is, for a proxy adds what it likes; a code does.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::{constant_time::verify_slices_are_equal, rand};
use tokio::sync::watch;

/// The browsers that are let in at the same time; one more puts out the one that was let in first.
const MAX_BROWSERS: usize = 32;
/// Nobody guesses 128 bits.
const SECRET_BYTES: usize = 16;

/// The code that holds now, and the browsers that earlier ones let in.
pub struct BrowserCodes {
    code: watch::Sender<String>,
    keys: Mutex<VecDeque<String>>,
}

impl Default for BrowserCodes {
    fn default() -> Self {
        Self { code: watch::Sender::new(secret()), keys: Mutex::default() }
    }
}

impl fmt::Debug for BrowserCodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BrowserCodes").finish_non_exhaustive()
    }
}

impl BrowserCodes {
    /// Returns the code that holds, and tells of each that takes its place.
    pub fn codes(&self) -> watch::Receiver<String> {
        self.code.subscribe()
    }

    /// Spends the code: returns the key of the browser that it lets in, or `None` where this is not the code.
    pub(super) fn spend(&self, code: &str) -> Option<String> {
        let is_spent = self.code.send_if_modified(|known| {
            let is_it = is_same(known, code);
            if is_it {
                *known = secret();
            }
            is_it
        });
        is_spent.then(|| {
            let key = secret();
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            keys.truncate(MAX_BROWSERS - 1);
            keys.push_front(key.clone());
            key
        })
    }

    /// Returns whether this is the key of a browser that was let in.
    pub(super) fn knows(&self, key: &str) -> bool {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().fold(false, |is_known, known| is_same(known, key) | is_known)
    }
}

/// Compares in a time that does not depend on where the texts differ.
fn is_same(known: &str, given: &str) -> bool {
    verify_slices_are_equal(known.as_bytes(), given.as_bytes()).is_ok()
}

fn secret() -> String {
    let mut bytes = [0; SECRET_BYTES];
    rand::fill(&mut bytes).expect("the system has random numbers");
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_lets_one_browser_in_and_another_takes_its_place() {
        let codes = BrowserCodes::default();
        let mut shown = codes.codes();
        let first = shown.borrow_and_update().clone();
        let key = codes.spend(&first).expect("the code holds");
        assert!(codes.knows(&key));
        assert!(shown.has_changed().expect("codes are told"));
        assert_eq!(codes.spend(&first), None, "it is spent");
        let second = shown.borrow_and_update().clone();
        assert_ne!(first, second);
        assert!(codes.spend(&second).is_some());
        assert!(codes.knows(&key), "the first browser is still in");
    }

    #[test]
    fn a_wrong_code_spends_nothing_and_a_wrong_key_is_not_known() {
        let codes = BrowserCodes::default();
        for wrong in ["", "0", &"0".repeat(32), &"x".repeat(10_000)] {
            assert_eq!(codes.spend(wrong), None);
            assert!(!codes.knows(wrong));
        }
        let code = codes.codes().borrow().clone();
        assert!(!codes.knows(&code), "a code is no key");
        assert!(codes.spend(&code).is_some());
    }

    #[test]
    fn the_browsers_are_bounded_and_the_first_one_goes() {
        let codes = BrowserCodes::default();
        let enter = || {
            let code = codes.codes().borrow().clone();
            codes.spend(&code).expect("the code holds")
        };
        let keys: Vec<String> = (0..=MAX_BROWSERS).map(|_| enter()).collect();
        assert!(!codes.knows(&keys[0]));
        assert!(keys[1..].iter().all(|key| codes.knows(key)));
    }
}
