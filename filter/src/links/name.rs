//! Names of domains: which covers which, and which only looks like another.

use std::collections::HashSet;

use crate::normalize::View;

/// Characters of a name and of one label of it.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;
/// A name whose longest label is shorter has too many neighbours that are somebody else's.
const MIN_LIKE: usize = 5;

/// Whether a rule may name this: `example.com`, `*.example.com`, `example`.
pub(super) fn is_domain(domain: &str) -> bool {
    let name = domain.strip_prefix("*.").unwrap_or(domain);
    if name.chars().nth(MAX_NAME).is_some() {
        return false;
    }
    !name.is_empty()
        && normal(name).split('.').all(|label| {
            (1..=MAX_LABEL).contains(&label.chars().count())
                && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// A name in the one form in which names are compared: folded, and in Unicode where it is in Punycode.
pub(super) fn normal(name: &str) -> String {
    let folded = View::folded(name);
    let labels = folded.text().split(['.', '。']).map(|label| {
        let decoded = label.strip_prefix("xn--").and_then(idna::punycode::decode_to_string);
        decoded.map_or_else(|| label.to_owned(), |label| View::folded(&label).text().to_owned())
    });
    labels.collect::<Vec<_>>().join(".")
}

/// A name, and each that it lies below: `a.b.c`, `b.c`, `c`.
pub(super) fn with_those_above(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, above)| above))
}

/// Names with what is below them.
#[derive(Debug, Default)]
pub(super) struct Names {
    covering: HashSet<Box<str>>,
    /// Of these only what is below.
    above: HashSet<Box<str>>,
}

impl Names {
    pub(super) fn of<'a>(domains: impl Iterator<Item = &'a str>) -> Self {
        let mut names = Self::default();
        for domain in domains {
            match domain.strip_prefix("*.") {
                Some(name) => names.above.insert(normal(name).into()),
                None => names.covering.insert(normal(domain).into()),
            };
        }
        names
    }

    pub(super) fn cover(&self, name: &str) -> bool {
        with_those_above(name).any(|name| self.covering.contains(name))
            || with_those_above(name).skip(1).any(|name| self.above.contains(name))
    }
}

/// Names that may be linked to.
#[derive(Debug, Default)]
pub(super) struct Allowed {
    names: Names,
    shapes: Vec<Shape>,
}

/// What a name looks like.
#[derive(Debug)]
struct Shape {
    name: String,
    looks: String,
    labels: usize,
    may_be_misspelt: bool,
}

impl Allowed {
    pub(super) fn of<'a>(domains: impl Iterator<Item = &'a str> + Clone) -> Self {
        let shape = |domain: &str| {
            let name = normal(domain.strip_prefix("*.").unwrap_or(domain));
            Shape {
                looks: looks(&name),
                labels: name.split('.').count(),
                may_be_misspelt: name.split('.').any(|label| label.chars().count() >= MIN_LIKE),
                name,
            }
        };
        Self { shapes: domains.clone().map(shape).collect(), names: Names::of(domains) }
    }

    pub(super) fn covers(&self, name: &str) -> bool {
        self.names.cover(name)
    }

    /// Whether a name that is not allowed would be taken for one that is: in other scripts, `swappаrt.com`; with
    /// another letter, `swapart.com`; or with the whole name in front, `swappart.com.example`.
    pub(super) fn is_like_one(&self, name: &str) -> bool {
        if self.shapes.is_empty() {
            return false;
        }
        let labels = name.split('.').count();
        let shown = looks(name);
        self.shapes.iter().any(|shape| {
            // As many labels from the end as the allowed name has.
            let skipped = labels.saturating_sub(shape.labels);
            let own = with_those_above(name).nth(skipped).unwrap_or(name);
            let end = with_those_above(&shown).nth(skipped).unwrap_or(&shown);
            if own == shape.name {
                return false;
            }
            let in_front = || {
                shape.labels > 1 && {
                    let (name, inner) = (format!(".{shown}."), format!(".{}.", shape.looks));
                    name.find(&inner).is_some_and(|at| at + inner.len() < name.len())
                }
            };
            end == shape.looks || (shape.may_be_misspelt && is_one_edit(end, &shape.looks)) || in_front()
        })
    }
}

/// What a reader sees in a name.
fn looks(name: &str) -> String {
    let skeleton = View::skeleton(name);
    skeleton.text().replace('0', "o").replace('1', "l").replace("rn", "m").replace("vv", "w")
}

/// Whether one letter was added, left out, changed, or exchanged with its neighbour.
fn is_one_edit(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let same = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let (one, other) = (&one[same..], &other[same..]);
    match (one, other) {
        ([a, b, one @ ..], [c, d, other @ ..]) if a == d && b == c && one == other => true,
        ([_, one @ ..], [_, other @ ..]) if one == other => true,
        ([_, one @ ..], _) if one == other => true,
        (_, [_, other @ ..]) if one == other => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_covers_what_is_below_it() {
        let names = Names::of(["evil.com", "*.example"].into_iter());
        for name in ["evil.com", "www.evil.com", "a.example", "a.b.example"] {
            assert!(names.cover(name), "{name}");
        }
        for name in ["notevil.com", "evil.com.org", "example", "com"] {
            assert!(!names.cover(name), "{name}");
        }
    }

    #[test]
    fn look_alikes_are_not_the_name_itself() {
        let allowed = Allowed::of(["swappart.com", "fnac.fr"].into_iter());
        for name in [
            "swаppart.com",
            "swapart.com",
            "swappart.co",
            "swapqart.com",
            "wsappart.com",
            "swappart.com.evil.net",
            "login.swapart.com",
            "ѕwappart.com",
        ] {
            assert!(allowed.is_like_one(name), "{name}");
        }
        for name in [
            "swappart.com",
            "app.swappart.com",
            "swap.com",
            "frac.fr",
            "swapping.com",
            "swppaart.com",
            "evil.com",
        ] {
            assert!(!allowed.is_like_one(name), "{name}");
        }
    }

    #[test]
    fn domains_are_told_from_what_is_none() {
        for domain in ["example.com", "*.example", "exämple.fr", "xn--exmple-cua.fr", "a-b.co.uk"] {
            assert!(is_domain(domain), "{domain}");
        }
        for domain in
            ["", "*", "*.*", "https://a.com", "a..b", ".com", "a b.com", "-a.com", "a.com/x", "*a.com"]
        {
            assert!(!is_domain(domain), "{domain}");
        }
        assert!(!is_domain(&"a".repeat(64)));
    }
}
