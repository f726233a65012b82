//! `/moderation/check`: what the rules make of a text, without sending it.

use plic_filter::{Rule, classifier::Head};
use plic_pipeline::{
    id::RoomId,
    moderation::{Desk, desk},
};
use poem_openapi::{
    Object, OpenApi,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};

use super::{
    answer::{Answer, rounded},
    incidents::RuleMatch,
    rule_json::RuleDraft,
    words::{Category, Outcome},
};
use crate::{
    body::{Allowance, FromJson, JsonBody, fields::Fields, integer, text},
    caller::Caller,
    failure::Failure,
    nullable::Nullable,
    number::{Id, MAX_SAFE_INTEGER},
    spec::Tag,
};

/// A text to judge.
#[derive(Debug)]
pub(crate) struct CheckRequest {
    message: String,
    room: Option<RoomId>,
    draft: Option<Rule>,
}

impl Type for CheckRequest {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> std::borrow::Cow<'static, str> {
        "CheckRequest".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        RuleDraft::register(registry);
        registry.create_schema::<Self, _>(Self::name().into_owned(), |_| MetaSchema {
            description: Some("A text to judge."),
            required: vec!["message"],
            properties: vec![
                described(
                    "message",
                    "The text, of at most 65,536 characters; longer ones than the chat takes are judged too.",
                    MetaSchemaRef::Inline(Box::new(MetaSchema {
                        max_length: Some(desk::MAX_CHECKED_CHARS),
                        ..MetaSchema::new("string")
                    })),
                ),
                described(
                    "room_id",
                    "The room that it is for, where rules for some rooms are to count.",
                    Nullable::<Id>::schema_ref(),
                ),
                ("draft", Nullable::<RuleDraft>::schema_ref()),
            ],
            ..MetaSchema::new("object")
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

/// A property with its description.
pub(super) fn described(
    name: &'static str,
    description: &'static str,
    schema: MetaSchemaRef,
) -> (&'static str, MetaSchemaRef) {
    match schema {
        MetaSchemaRef::Inline(mut inline) => {
            inline.description = Some(description);
            (name, MetaSchemaRef::Inline(inline))
        }
        reference @ MetaSchemaRef::Reference(_) => (name, reference),
    }
}

impl FromJson for CheckRequest {
    const ALLOWANCE: Allowance = Allowance::RULE;

    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        let Fields { values, draft } = Fields::read(json, &["message", "room_id", "draft"])?;
        let room = integer(&values, "room_id", 1, MAX_SAFE_INTEGER)?.map(RoomId);
        Ok(Self { message: text(&values, "message")?, room, draft })
    }
}

/// What the rules make of a text, and why.
#[derive(Debug, Object)]
pub(crate) struct Checked {
    /// The strongest action of the live rules that match; `pass` where none does.
    action: Outcome,
    /// The code that the sender's connection would be closed with.
    code: Nullable<u16>,
    /// What the match that decides is about.
    category: Nullable<Category>,
    /// The text as it would be delivered, with its masks; `null` where it would not be.
    delivered: Nullable<String>,
    /// Where and why: live rules first, the strongest before others.
    matches: Vec<RuleMatch>,
    /// What the classifier makes of the text, each from 0 to 1.
    scores: Scores,
    /// How long the rules took to judge, in microseconds.
    micros: f64,
    /// The classifier's linear model: the beginning of its SHA-256.
    model: String,
    /// The encoder, the same way, where it read the text as well; or else `null`.
    encoder: Nullable<String>,
}

/// The classifier's scores, each from 0 to 1.
#[derive(Debug, Object)]
pub(crate) struct Scores {
    /// Hate against people for what they are.
    hate: f64,
    /// Violence announced or wished.
    threat: f64,
    /// Attempts at fraud.
    scam: f64,
    /// Attacks on one person.
    harassment: f64,
    /// Sexual advances, remarks and offers.
    sexual: f64,
    /// Signs that the sender may harm themselves.
    self_harm: f64,
}

/// The handlers.
pub(crate) struct CheckApi {
    pub(crate) desk: Desk,
}

#[OpenApi(tag = "Tag::Rules")]
impl CheckApi {
    /// Try a text
    ///
    /// Says what would happen to the text, by which rules and where, and sends nothing. With `draft` the rule is taken as
    /// live beside the others, or in the place of the one with its id. Offsets are those of JavaScript: UTF-16 code
    /// units, so that `message.slice(start, end)` is the matched text. Few are judged at once, and few may wait (429).
    #[oai(path = "/moderation/check", method = "post", operation_id = "checkText")]
    async fn check(&self, _caller: Caller, body: JsonBody<CheckRequest>) -> Result<Answer<Checked>, Failure> {
        let CheckRequest { message, room, draft } = body.0;
        Ok(Answer::with(self.desk.check(message, room, draft).await?.into()))
    }
}

impl From<desk::Checked> for Checked {
    fn from(checked: desk::Checked) -> Self {
        let score = |head| rounded(checked.scores.of(head).into(), 4);
        Self {
            action: checked.action.into(),
            code: Nullable(checked.code),
            category: Nullable(checked.category.map(Category::from)),
            delivered: Nullable(checked.delivered),
            scores: Scores {
                hate: score(Head::Hate),
                threat: score(Head::Threat),
                scam: score(Head::Scam),
                harassment: score(Head::Harassment),
                sexual: score(Head::Sexual),
                self_harm: score(Head::SelfHarm),
            },
            matches: checked.matches.into_iter().map(RuleMatch::from).collect(),
            micros: rounded(checked.micros, 1),
            model: checked.model,
            encoder: Nullable(checked.encoder),
        }
    }
}
