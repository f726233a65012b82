//! Ordinary chat that no rule should stop: a rule that matches more than a little of it is not published.
//!
//! `canary.txt` says at its head where the texts are from, and under which licences.

/// The texts, each on a line of its own.
pub fn texts() -> impl Iterator<Item = &'static str> {
    include_str!("canary.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{HashMap, HashSet},
        sync::Arc,
    };

    use super::*;
    use crate::filter::RuleSet;

    #[test]
    fn there_are_thousands_of_them_and_none_twice() {
        let texts: Vec<&str> = texts().collect();
        let once: HashSet<&str> = texts.iter().copied().collect();
        assert!((4_000..=6_000).contains(&texts.len()), "{}", texts.len());
        assert_eq!(texts.len(), once.len());
        assert!(texts.iter().all(|text| text.trim() == *text));
        assert!(include_str!("canary.txt").len() <= 500_000);
    }

    #[test]
    fn the_starter_rules_leave_them_alone() {
        let set = RuleSet::starter();
        let mut hits: HashMap<Arc<str>, Vec<&str>> = HashMap::new();
        let (mut held, mut refused) = (Vec::new(), Vec::new());
        for text in texts() {
            let verdict = set.check(text);
            let mut names: Vec<_> =
                verdict.matches.iter().filter(|hit| !hit.shadow).map(|hit| &hit.name).collect();
            names.dedup();
            for name in names {
                let texts = hits.entry(Arc::clone(name)).or_default();
                if texts.last() != Some(&text) {
                    texts.push(text);
                }
            }
            if verdict.holds() {
                held.push(text);
            }
            if verdict.refuses() {
                refused.push(text);
            }
        }
        let texts = texts().count();
        for (rule, hits) in hits {
            assert!(hits.len() * 1_000 <= texts, "{rule} matches {hits:#?}");
        }
        assert!(refused.len() * 5_000 <= texts, "refused: {refused:#?}");
        assert!(held.len() * 1_000 <= 3 * texts, "held: {held:#?}");
    }
}
