//! Which strings a text must hold one of for a pattern to match it.

use regex_syntax::hir::{
    Hir, HirKind,
    literal::{ExtractKind, Extractor},
};

/// Shorter strings are in most texts and would spare nothing.
const MIN_LENGTH: usize = 3;
/// More strings than this for one pattern cost more than they spare.
const MAX_LITERALS: usize = 64;
/// Of a long sequence, how many places are tried.
const MAX_TRIED: usize = 48;
/// Parentheses within parentheses that are looked into.
const MAX_DEPTH: usize = 16;

/// A few strings of which every match holds one, or nothing where there are none that spare anything.
pub(super) fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    best(hir, 0)
}

fn best(hir: &Hir, depth: usize) -> Option<Vec<Vec<u8>>> {
    let begins = prefixes(hir);
    if depth >= MAX_DEPTH {
        return begins;
    }
    let inside = match hir.kind() {
        HirKind::Capture(capture) => best(&capture.sub, depth + 1),
        HirKind::Repetition(repeated) if repeated.min > 0 => best(&repeated.sub, depth + 1),
        HirKind::Concat(parts) => parts
            .iter()
            .take(MAX_TRIED)
            .enumerate()
            .flat_map(|(at, part)| {
                let rest = (at > 0).then(|| prefixes(&Hir::concat(parts[at..].to_vec()))).flatten();
                [rest, best(part, depth + 1)]
            })
            .flatten()
            .max_by_key(|literals| worth(literals)),
        HirKind::Alternation(parts) => {
            let each: Option<Vec<_>> = parts.iter().map(|part| best(part, depth + 1)).collect();
            each.map(|literals| literals.concat()).filter(|literals| literals.len() <= MAX_LITERALS)
        }
        _ => None,
    };
    [begins, inside].into_iter().flatten().max_by_key(|literals| worth(literals))
}

/// What every match begins with.
fn prefixes(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let mut found = Extractor::new().kind(ExtractKind::Prefix).limit_total(MAX_LITERALS).extract(hir);
    found.minimize_by_preference();
    let literals: Vec<Vec<u8>> =
        found.literals()?.iter().map(|literal| literal.as_bytes().to_vec()).collect();
    let are_useful = !literals.is_empty()
        && literals.len() <= MAX_LITERALS
        && literals.iter().all(|literal| literal.len() >= MIN_LENGTH);
    are_useful.then_some(literals)
}

/// Longer strings are rarer, and fewer of them too.
fn worth(literals: &[Vec<u8>]) -> (usize, usize) {
    let shortest = literals.iter().map(Vec::len).min().unwrap_or(0);
    (shortest.min(8), MAX_LITERALS.saturating_sub(literals.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str) -> Option<Vec<String>> {
        let hir = regex_syntax::parse(pattern).expect("a pattern");
        let literals = required(&hir)?;
        let mut literals: Vec<_> =
            literals.into_iter().map(|literal| String::from_utf8_lossy(&literal).into_owned()).collect();
        literals.sort();
        Some(literals)
    }

    #[test]
    fn a_pattern_needs_one_of_its_strings() {
        for (pattern, literals) in [
            ("western union", &["western union"][..]),
            (r"\bwestern\s+union\b", &["western"]),
            (r"\d+ euros? by mandate", &[" by mandate"]),
            (r".*moneygram.*", &["moneygram"]),
            (r"\w+ (?:paypal|venmo) \w+", &[" paypal ", " venmo "]),
            (r"(?:.*abc|\d+def)x?", &["abc", "def"]),
            (r"(?:hello ){2,}", &["hello hello "]),
        ] {
            assert_eq!(
                of(pattern).as_deref(),
                Some(&literals.iter().map(|&one| one.to_owned()).collect::<Vec<_>>()[..]),
                "{pattern}"
            );
        }
    }

    #[test]
    fn a_pattern_may_need_none() {
        for pattern in [r"\d{4}", r"[a-z]+ab[a-z]+", "ab|.*cd", r"(?:abc)?\d"] {
            assert_eq!(of(pattern), None, "{pattern}");
        }
    }
}
