//! Rules as documents: an operator's file, and the starter rules that ship with the program.

use std::{borrow::Cow, sync::LazyLock};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{error::RuleError, rule::Rule, rule_set::RuleSet};
use crate::id::RuleId;

/// An export of rules.
#[derive(Deserialize)]
struct Export<'a> {
    #[serde(borrow)]
    rules: Vec<&'a RawValue>,
}

/// What an error says of a rule.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

/// Reads a JSON array of rules, or an export (`{"rules": [..]}`); those without an id are given one that no other has.
///
/// # Errors
/// What is wrong with which rule.
pub fn rules_from_json(json: &[u8]) -> Result<Vec<Rule>, RuleError> {
    let document: &RawValue = serde_json::from_slice(json).map_err(RuleError::NotAList)?;
    let read = if document.get().starts_with('{') {
        serde_json::from_str(document.get()).map(|Export { rules }| rules)
    } else {
        serde_json::from_str(document.get())
    };
    let values: Vec<&RawValue> = read.map_err(RuleError::NotAList)?;
    let mut rules: Vec<Rule> = Vec::with_capacity(values.len());
    for (at, value) in values.into_iter().enumerate() {
        let unreadable = |source| {
            let named = serde_json::from_str(value.get());
            let name = named.map_or("without a name".to_owned(), |Named { name }| name.into_owned());
            RuleError::Unreadable { place: at + 1, name, source }
        };
        rules.push(serde_json::from_str(value.get()).map_err(unreadable)?);
    }
    let mut last = rules.iter().map(|rule| rule.id.0).max().unwrap_or(0).max(0);
    for rule in rules.iter_mut().filter(|rule| rule.id == RuleId(0)) {
        last = last.saturating_add(1);
        rule.id = RuleId(last);
    }
    Ok(rules)
}

/// The rules that ship with the program, for when there are no others.
pub fn starter_rules() -> Vec<Rule> {
    rules_from_json(include_bytes!("starter.json")).expect("the starter rules are read by a test")
}

impl RuleSet {
    /// Reads and compiles a JSON array of rules.
    ///
    /// # Errors
    /// What is wrong with which rule.
    pub fn from_json(json: &[u8]) -> Result<Self, RuleError> {
        Self::compile(rules_from_json(json)?)
    }

    /// The starter rules, compiled once.
    pub fn starter() -> Self {
        static STARTER: LazyLock<RuleSet> = LazyLock::new(|| {
            RuleSet::compile(starter_rules()).expect("the starter rules are compiled by a test")
        });
        STARTER.clone()
    }
}
