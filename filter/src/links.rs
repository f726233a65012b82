//! Links to somewhere: by name, any at all, to shorteners, or to what looks like a name that is allowed.
//!
//! `host` finds names in a text, however they are written, and `name` says whether one covers another or looks like it.

mod host;
mod name;

use std::{collections::HashSet, ops::Range, sync::LazyLock};

use self::{
    host::Host,
    name::{Allowed, Names},
};
use super::{
    error::{FieldProblem, Problem},
    rule::Links,
    text::Text,
};

/// Names that one rule may list, and that it may allow.
const MAX_DOMAINS: usize = 100_000;
const MAX_ALLOWED: usize = 1_000;

static SHORTENERS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("links/shorteners.txt").lines();
    lines.filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
});

/// The rules that look for links.
#[derive(Debug, Default)]
pub(super) struct LinkRules(Vec<LinkRule>);

#[derive(Debug)]
struct LinkRule {
    rule: usize,
    /// Whether any link matches.
    any: bool,
    names: Names,
    allowed: Allowed,
    shorteners: bool,
}

impl LinkRules {
    pub(super) fn add(&mut self, rule: usize, spec: &Links) {
        let any = spec.domains.iter().any(|domain| domain == "*");
        let names = Names::of(spec.domains.iter().map(String::as_str).filter(|domain| *domain != "*"));
        let allowed = Allowed::of(spec.allow_domains.iter().map(String::as_str));
        self.0.push(LinkRule { rule, any, names, allowed, shorteners: spec.shorteners });
    }

    /// Where rules match.
    pub(super) fn search(&self, text: &Text<'_>, mut push: impl FnMut(usize, Range<usize>)) {
        if self.0.is_empty() || !host::may_have_any(text.skeleton.text()) {
            return;
        }
        let view = text.folded();
        for host in host::hosts(view.text()) {
            for rule in self.0.iter().filter(|rule| rule.matches(&host)) {
                push(rule.rule, view.original(host.link.clone()));
            }
        }
    }
}

impl LinkRule {
    fn matches(&self, host: &Host) -> bool {
        if self.allowed.covers(&host.name) {
            return false;
        }
        let is_shortener = || name::with_those_above(&host.name).any(|name| SHORTENERS.contains(name));
        (self.any && (host.is_surely_one || is_shortener()))
            || self.names.cover(&host.name)
            || (self.shorteners && is_shortener())
            || self.allowed.is_like_one(&host.name)
    }
}

/// Holds a rule to what can be looked for.
pub(super) fn check(spec: &Links) -> Result<(), Problem> {
    if spec.domains.is_empty() && spec.allow_domains.is_empty() && !spec.shorteners {
        return Err(Problem::new("domains", FieldProblem::Empty));
    }
    let lists =
        [("domains", &spec.domains, MAX_DOMAINS), ("allow_domains", &spec.allow_domains, MAX_ALLOWED)];
    for (field, list, most) in lists {
        if list.len() > most {
            return Err(Problem::new(field, FieldProblem::TooLong(most)));
        }
        for (place, domain) in list.iter().enumerate() {
            let is_any = domain == "*" && field == "domains";
            if !is_any && !name::is_domain(domain) {
                return Err(Problem::new(format!("{field}[{place}]"), FieldProblem::NotADomain));
            }
        }
    }
    Ok(())
}
