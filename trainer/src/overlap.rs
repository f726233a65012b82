//! Messages of one split that stand in another too, or nearly so: what a model has read does not measure it.

use std::collections::{HashMap, HashSet};

/// Words in a row that two texts may share.
const ROW: usize = 4;
/// A text with more of its rows in another than this share is nearly that one.
const SHARE: f64 = 0.5;
/// Everybody says "ok" and "merci beaucoup": only a text of so many words is somebody's.
const FEWEST: usize = 3;

/// Returns the places of the texts that are, or nearly are, one of `others`.
pub(crate) fn overlapping(texts: &[&str], others: &[&str]) -> HashSet<usize> {
    let mut by_row: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
    let mut whole: HashSet<Vec<String>> = HashSet::new();
    let rows_of_others: Vec<usize> = others
        .iter()
        .enumerate()
        .map(|(at, text)| {
            let words = words(text);
            let rows = rows(&words);
            let count = rows.len();
            for row in rows {
                by_row.entry(row).or_default().push(at);
            }
            whole.insert(words);
            count
        })
        .collect();
    let is_overlapping = |text: &str| {
        let words = words(text);
        let rows = rows(&words);
        let mut shared: HashMap<usize, usize> = HashMap::new();
        let same = rows.iter().filter_map(|row| by_row.get(row)).flatten();
        same.for_each(|&at| *shared.entry(at).or_default() += 1);
        #[expect(clippy::cast_precision_loss, reason = "counts of words")]
        let is_near = |(&at, &count): (&usize, &usize)| {
            count as f64 > SHARE * rows.len().min(rows_of_others[at]).max(2) as f64
        };
        (words.len() >= FEWEST && whole.contains(&words)) || shared.iter().any(is_near)
    };
    (0..texts.len()).filter(|&at| is_overlapping(texts[at])).collect()
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn rows(words: &[String]) -> HashSet<Vec<String>> {
    words.windows(ROW).map(<[String]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::natural::texts;

    #[test]
    fn the_same_words_in_another_dress_are_found() {
        let others = ["Please send the deposit to my agent today.", "Merci pour tout", "ok"];
        let texts = [
            "please send the deposit to my AGENT tonight",
            "merci, pour tout !",
            "ok",
            "See you on Friday then",
        ];
        assert_eq!(overlapping(&texts, &others), HashSet::from([0, 1]));
    }

    #[test]
    fn the_splits_that_are_held_out_share_no_message() {
        let heldout = Path::new(env!("CARGO_MANIFEST_DIR")).join("heldout/natural");
        let [test, last] = ["test", "final"].map(|split| texts(&heldout.join(split)).expect("well written"));
        let last: Vec<&str> = last.iter().map(String::as_str).collect();
        let test: Vec<&str> = test.iter().map(String::as_str).collect();
        let shared: Vec<&str> = overlapping(&last, &test).into_iter().map(|at| last[at]).collect();
        assert!(shared.is_empty(), "{shared:?}");
    }
}
