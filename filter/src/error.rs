//! Why rules are not put in force.

use crate::id::RuleId;

/// Why rules are not put in force: names the rule and the field, so that whoever wrote it finds it.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The document is not a list of rules.
    #[error("not a JSON array of rules")]
    NotAList(#[source] serde_json::Error),
    /// An entry of the list is not a rule.
    #[error("rule number {place} ({name}) cannot be read")]
    Unreadable {
        /// Its place in the list, from 1.
        place: usize,
        /// Its name, where it has one.
        name: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// Two rules of a set have one id.
    #[error("two rules have the id {0}")]
    SameId(RuleId),
    /// A field of a rule cannot be used.
    #[error("rule {rule}: {field}: {problem}")]
    Field {
        /// The rule's id and name, or the name alone before it has an id.
        rule: String,
        /// The field's name in JSON, with an index where it is a list.
        field: String,
        /// What is wrong.
        problem: FieldProblem,
    },
    /// The set is too large.
    #[error("there are more than {0} rules or terms")]
    TooMany(usize),
    /// Patterns without three letters in a row that must be there are run on every text: there are too many.
    #[error("the patterns that name no three letters in a row take more than {0} bytes together")]
    TooManySlow(usize),
    /// The terms cannot be compiled.
    #[error("the terms cannot be compiled")]
    Compile(#[from] aho_corasick::BuildError),
}

/// What is wrong with a field of a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// Nothing is there.
    #[error("is empty")]
    Empty,
    /// It is over its limit.
    #[error("is longer than {0}")]
    TooLong(usize),
    /// Nothing is left of it when texts are compared.
    #[error("has no letter, digit or symbol to look for")]
    NothingToFind,
    /// It would match most texts.
    #[error("is too short to be looked for within words")]
    TooShort,
    /// The rule should match the text and does not.
    #[error("is not matched by the rule")]
    NotMatched,
    /// The rule should not match the text and does.
    #[error("is matched by the rule")]
    Matched,
    /// A number is too small or too large.
    #[error("is not from {0} to {1}")]
    OutOfRange(u64, u64),
    /// A limit is so low that it stops people who repeat themselves as everybody does.
    #[error("must be from {0} to {1}: a lower limit stops people who repeat themselves as everybody does")]
    TooStrict(u64, u64),
    /// There is nothing of that name.
    #[error("is not known")]
    Unknown,
    /// A list has it twice.
    #[error("is there twice")]
    Twice,
    /// It is not the name of a domain.
    #[error("is not a domain such as `example.com` or `*.example.com`")]
    NotADomain,
    /// It is not a regular expression.
    #[error("is not a pattern: {0}")]
    NotAPattern(String),
    /// It is a regular expression that is too large once compiled.
    #[error("takes more than {0} bytes compiled")]
    TooLarge(usize),
    /// It is a regular expression that finds nothing, everywhere or nowhere.
    #[error("matches nothing, or a text with nothing in it")]
    MatchesNothing,
    /// All patterns together are too many.
    #[error("is one pattern too many: all of them take more than {0} bytes compiled")]
    TooManyPatterns(usize),
}

/// A field and what is wrong with it, before it is known of which rule.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) field: String,
    pub(super) problem: FieldProblem,
}

impl Problem {
    pub(super) fn new(field: impl Into<String>, problem: FieldProblem) -> Self {
        Self { field: field.into(), problem }
    }
}
