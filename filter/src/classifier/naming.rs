//! A few words that name people and say nothing of them: "les femmes", "women only please", "avec les voisins polonais".
//! What is said of nobody is no hate, however often the group is hated elsewhere.

use std::{collections::HashSet, sync::LazyLock};

use super::class::{Classes, classes_of, classify, named};
use crate::{
    hash::Hashed,
    token::{Token, tokens},
};

/// Longer texts say something of those whom they name.
const MAX_WORDS: usize = 6;

/// Words that name people, and those that name how they are.
const NAMES: [&str; 2] = ["GROUP", "GROUPADJ"];
/// Words that may stand beside them.
const BESIDE: [&str; 4] = ["HUMAN", "ROLE", "QUANT", "POSITIVE"];

const WORDS_FILE: &str = include_str!("naming.txt");

struct Known {
    names: Classes,
    beside: Classes,
    words: HashSet<u64, Hashed>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let classes = |names: &[&str]| Classes(names.iter().fold(0, |all, name| all | named(name).0));
    let lines = WORDS_FILE.lines().filter(|line| !line.starts_with('#'));
    Known {
        names: classes(&NAMES),
        beside: classes(&BESIDE),
        words: lines.flat_map(|line| tokens(line).list).map(|token| token.hash).collect(),
    }
});

/// Whether a text names a group, and has nothing beside but words that say nothing of it.
pub(crate) fn only_names(text: &str, list: &[Token]) -> bool {
    if list.len() > MAX_WORDS {
        return false;
    }
    let known = &*KNOWN;
    let mut is_named = false;
    let is_harmless = |classes: Classes| classes.0 & !(known.names.0 | known.beside.0) == 0;
    // What words say together counts as well as what each may say: "whites only" is more than its words.
    let says_nothing = list.iter().zip(classify(text, list)).all(|(token, together)| {
        let alone = classes_of(text, token);
        is_named |= alone.meets(known.names);
        let is_name = alone != Classes::default() && is_harmless(alone);
        is_harmless(Classes(together.0 & !alone.0)) && (is_name || known.words.contains(&token.hash))
    });
    says_nothing && is_named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::View;

    fn names(text: &str) -> bool {
        let view = View::skeleton(text);
        only_names(view.text(), &tokens(view.text()).list)
    }

    #[test]
    fn a_group_that_is_only_named_is_told_from_one_that_something_is_said_of() {
        for text in ["les femmes", "women only please", "avec les réfugiés", "Muslims and their kids?"] {
            assert!(names(text), "{text}");
        }
        for text in [
            "ok",
            "les femmes puent",
            "no jews",
            "pas de juifs",
            "kill the jews",
            "les juifs au four",
            "whites only",
        ] {
            assert!(!names(text), "{text}");
        }
    }
}
