//! Rules as documents: an operator's file, and the starter rules that ship with the program.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::{error::RuleError, rule::Rule, rule_set::RuleSet};
use crate::id::RuleId;

/// The forms in which rules come in a file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    List(Vec<Value>),
    Export { rules: Vec<Value> },
}

/// Reads a JSON array of rules, or an export (`{"rules": [..]}`); those without an id are given one that no other has.
///
/// # Errors
/// What is wrong with which rule.
pub fn rules_from_json(json: &[u8]) -> Result<Vec<Rule>, RuleError> {
    let (Document::Export { rules: values } | Document::List(values)) =
        serde_json::from_slice(json).map_err(RuleError::NotAList)?;
    let mut rules: Vec<Rule> = Vec::with_capacity(values.len());
    for (at, value) in values.into_iter().enumerate() {
        let name = value.get("name").and_then(|name| name.as_str()).unwrap_or("without a name").to_owned();
        let unreadable = |source| RuleError::Unreadable { place: at + 1, name, source };
        rules.push(serde_json::from_value(value).map_err(unreadable)?);
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
