//! Whether a sender tells of somebody else's fraud: "someone asked me to wire the deposit, is that a scam?"
//!
//! What others asked for counts for nothing where concepts are put together: who warns is not who cheats. Only the past
//! and the indefinite are a tale ("he wanted", "if anyone asks"): "he wants 300 in vouchers" is still a demand.

use std::sync::LazyLock;

use super::{
    word_lists::{Lists, WordLists},
    words::Words,
};

/// How many words ahead a tale reaches, and how far to both sides a verdict on it.
const TALE_REACH: usize = 25;
const VERDICT_REACH: usize = 40;
/// How many words behind its subject the verb of a tale stands.
const VERB_REACH: usize = 4;

/// Who may do what they like: it is not the sender, and nobody whom the sender speaks for.
const INDEFINITE: &[&str] = &[
    "someone",
    "somebody",
    "anyone",
    "anybody",
    "whoever",
    "strangers",
    "scammer",
    "scammers",
    "quelqu",
    "quiconque",
    "arnaqueur",
    "arnaqueurs",
    "escroc",
    "escrocs",
    "inconnu",
    "inconnus",
];

const PERSONAL: &[&str] = &[
    "he", "she", "they", "people", "who", "guy", "bloke", "man", "woman", "agency", "profile", "profiles",
    "il", "elle", "ils", "elles", "on", "qui", "type", "mec", "gens", "agence", "profil", "profils",
];

const TELLS: &[&str] = &[
    "ask",
    "asks",
    "asked",
    "asking",
    "want",
    "wants",
    "wanted",
    "wanting",
    "say",
    "says",
    "said",
    "tell",
    "tells",
    "told",
    "write",
    "writes",
    "wrote",
    "offers",
    "offered",
    "sends",
    "sent",
    "contacted",
    "demande",
    "demandent",
    "demandait",
    "demander",
    "claim",
    "claims",
    "pretend",
    "pretendent",
    "veut",
    "veulent",
    "voulait",
    "dit",
    "ecrit",
    "reclame",
    "propose",
    "proposait",
    "contacte",
    "envoie",
];

const TOLD: &[&str] =
    &["wanted", "asked", "said", "voulait", "voulaient", "demandait", "demandaient", "reclamait"];

/// What was said to the sender, so that the subject does not matter: "on m'a demandé".
const TOLD_ME: &[[&str; 3]] = &[
    ["he", "told", "me"],
    ["she", "told", "me"],
    ["they", "told", "me"],
    ["wrote", "to", "me"],
    ["i", "got", "a"],
    ["m", "a", "demande"],
    ["m", "ont", "demande"],
    ["m", "a", "reclame"],
    ["on", "me", "demande"],
    ["il", "m", "a"],
    ["elle", "m", "a"],
    ["ils", "m", "ont"],
    ["on", "m", "a"],
    ["type", "m", "a"],
    ["they", "ask", "for"],
    ["they", "told", "my"],
    ["ils", "demandent", "un"],
];

/// What the sender thinks of it.
const VERDICTS: &[&[&str]] = &[
    &["is", "that", "a", "scam"],
    &["is", "this", "a", "scam"],
    &["is", "it", "a", "scam"],
    &["it", "s", "a", "scam"],
    &["that", "s", "a", "scam"],
    &["is", "a", "scam"],
    &["was", "a", "scam"],
    &["like", "a", "scam"],
    &["of", "those", "scams"],
    &["known", "scam"],
    &["known", "fraud"],
    &["smells", "fishy"],
    &["sounds", "fishy"],
    &["obviously", "fake"],
    &["i", "reported"],
    &["i", "ve", "reported"],
    &["i", "hung", "up"],
    &["is", "it", "normal"],
    &["can", "t", "be", "true"],
    &["got", "scammed"],
    &["was", "scammed"],
    &["were", "scammed"],
    &["been", "scammed"],
    &["nearly", "scammed"],
    &["c", "est", "une", "arnaque"],
    &["est", "une", "arnaque"],
    &["une", "arnaque", "non"],
    &["fake", "agent"],
    &["fake", "agents"],
    &["fake", "profile"],
    &["fake", "listing"],
    &["she", "lost"],
    &["he", "lost"],
    &["they", "lost"],
    &["faux", "agent"],
    &["faux", "agents"],
    &["faux", "profil"],
    &["faux", "profils"],
    &["fausse", "annonce"],
    &["elle", "a", "perdu"],
    &["il", "a", "perdu"],
    &["ils", "ont", "perdu"],
    &["sent", "l", "arnaque"],
    &["arnaque", "connue"],
    &["l", "air", "d", "une", "arnaque"],
    &["ressemble", "a", "une", "arnaque"],
    &["j", "ai", "signale"],
    &["j", "ai", "raccroche"],
    &["c", "est", "normal", "qu"],
    &["est", "ce", "normal"],
    &["est", "ce", "une", "arnaque"],
    &["c", "est", "faux"],
    &["mauvais", "signe"],
    &["fait", "arnaquer"],
    &["fait", "escroquer"],
    &["failli", "se", "faire"],
    &["je", "le", "sens", "pas"],
    &["ce", "n", "est", "pas", "moi"],
    &["it", "s", "not", "me"],
    &["are", "like", "cash"],
    &["comme", "du", "liquide"],
];

/// The lists that a word may be in; the last two have the first words of [`TOLD_ME`] and [`VERDICTS`].
const IS_INDEFINITE: Lists = 1;
const IS_PERSONAL: Lists = 1 << 1;
const IS_TELLS: Lists = 1 << 2;
const IS_TOLD: Lists = 1 << 3;
const BEGINS_TOLD_ME: Lists = 1 << 4;
const BEGINS_VERDICT: Lists = 1 << 5;

static LISTS: LazyLock<WordLists> = LazyLock::new(|| {
    let told_me: Vec<&str> = TOLD_ME.iter().map(|told| told[0]).collect();
    let verdicts: Vec<&str> = VERDICTS.iter().map(|verdict| verdict[0]).collect();
    WordLists::of(&[
        (IS_INDEFINITE, INDEFINITE),
        (IS_PERSONAL, PERSONAL),
        (IS_TELLS, TELLS),
        (IS_TOLD, TOLD),
        (BEGINS_TOLD_ME, &told_me),
        (BEGINS_VERDICT, &verdicts),
    ])
});

/// Where a text tells of somebody else, and where it judges that.
#[derive(Debug)]
pub(super) struct Retelling {
    tales: Vec<usize>,
    verdicts: Vec<usize>,
}

impl Retelling {
    pub(super) fn of(words: &Words) -> Self {
        let lists: Vec<Lists> = (0..words.len()).map(|at| LISTS.having(words.get(at))).collect();
        let (mut tales, mut verdicts) = (Vec::new(), Vec::new());
        for (at, _) in lists.iter().enumerate().filter(|&(_, &lists)| lists != 0) {
            if begins_tale(words, &lists, at) {
                tales.push(at);
            }
            if lists[at] & BEGINS_VERDICT != 0 && VERDICTS.iter().any(|verdict| says(words, at, verdict)) {
                verdicts.push(at);
            }
        }
        Self { tales, verdicts }
    }

    /// Whether a word belongs to a tale.
    pub(super) fn covers(&self, word: usize) -> bool {
        let before = |places: &[usize], reach: usize| {
            let behind = places.partition_point(|&at| at <= word);
            behind > 0 && word - places[behind - 1] <= reach
        };
        let next = self.verdicts.partition_point(|&at| at < word);
        before(&self.tales, TALE_REACH)
            || before(&self.verdicts, VERDICT_REACH)
            || self.verdicts.get(next).is_some_and(|&at| at - word <= VERDICT_REACH)
    }
}

fn begins_tale(words: &Words, lists: &[Lists], at: usize) -> bool {
    let behind = &lists[at + 1..lists.len().min(at + 1 + VERB_REACH)];
    let follows = |verbs: Lists| behind.iter().any(|lists| lists & verbs != 0);
    (lists[at] & IS_INDEFINITE != 0 && follows(IS_TELLS))
        || (lists[at] & IS_PERSONAL != 0 && follows(IS_TOLD))
        || (lists[at] & BEGINS_TOLD_ME != 0 && TOLD_ME.iter().any(|told| says(words, at, told)))
}

fn says(words: &Words, at: usize, phrase: &[&str]) -> bool {
    phrase.iter().enumerate().all(|(offset, word)| words.get(at + offset) == *word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::View;

    /// Whether "western union" is told of.
    fn retold(text: &str) -> bool {
        let view = View::skeleton(text);
        let words = Words::of(&view);
        let at = (0..words.len()).find(|&at| words.get(at) == "western").expect("the text says it");
        Retelling::of(&words).covers(at)
    }

    #[test]
    fn who_tells_of_a_fraud_does_not_commit_it() {
        for text in [
            "Someone asked me to pay by Western Union before the visit",
            "He wanted me to use Western Union, I said no",
            "If anyone wants the deposit by Western Union don't do it",
            "Deposit by western union and keys by post, is that a scam?",
            "On m'a demandé de payer par Western Union, c'est une arnaque ?",
            "Il voulait un Western Union avant la visite",
            "C'est normal qu'on me demande un Western Union ?",
        ] {
            assert!(retold(text), "{text}");
        }
    }

    #[test]
    fn a_demand_is_no_tale() {
        for text in [
            "Pay the deposit by Western Union",
            "It is not a scam, pay by Western Union",
            "My agent wants the deposit by Western Union",
            "He wants 300 by Western Union today",
            "Avec toutes ces arnaques je préfère Western Union",
            "Ce n'est pas une arnaque, payez par Western Union",
            "Mon déménageur veut 300 par Western Union",
        ] {
            assert!(!retold(text), "{text}");
        }
    }
}
