//! `/moderation/backtest`: whom a rule would have hit.

use std::borrow::Cow;

use futures_util::stream;
use plic_filter::Rule;
use plic_pipeline::{
    moderation::{
        Desk, DeskError,
        desk::{self, Backtest, BacktestRequest, Step},
    },
    timestamp::Timestamp,
};
use poem::{
    Body, IntoResponse, Response,
    http::{HeaderMap, header::ACCEPT},
};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    payload::Json,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use serde_json::Value;

use super::{
    actor,
    answer::{Envelope, rounded},
    check::described,
    incidents::RuleMatch,
    rule_json::RuleDraft,
    words::Outcome,
};
use crate::{
    body::{Allowance, FromJson, JsonBody, fields::Fields, integer, missing, moment},
    caller::Caller,
    failure::Failure,
    moment::Moment,
    nullable::Nullable,
    number::{Id, MAX_SAFE_INTEGER},
    room::Message,
    spec::Tag,
};

const LINES: &str = "application/x-ndjson";

/// A rule to try against stored messages.
#[derive(Debug)]
pub(crate) struct BacktestBody {
    draft: Rule,
    since: Option<Timestamp>,
    limit: Option<u64>,
}

impl Type for BacktestBody {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "BacktestRequest".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        RuleDraft::register(registry);
        registry.create_schema::<Self, _>(Self::name().into_owned(), |_| MetaSchema {
            description: Some("A rule to try against stored messages."),
            required: vec!["draft"],
            properties: vec![
                ("draft", RuleDraft::schema_ref()),
                described("since", "Messages since then; `null` is all.", Nullable::<Moment>::schema_ref()),
                described(
                    "limit",
                    "At most so many messages, the newest; `null` is all.",
                    Nullable::<Id>::schema_ref(),
                ),
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

impl FromJson for BacktestBody {
    const ALLOWANCE: Allowance = Allowance::RULE;

    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        let Fields { values, draft } = Fields::read(json, &["draft", "since", "limit"])?;
        let limit = integer(&values, "limit", 1, MAX_SAFE_INTEGER)?;
        Ok(Self {
            draft: draft.ok_or_else(|| missing("draft"))?,
            since: moment(&values, "since")?,
            limit: limit.and_then(|limit| u64::try_from(limit).ok()),
        })
    }
}

/// What a back-test found.
#[derive(Debug, Object)]
pub(crate) struct BacktestReport {
    /// Messages tried.
    scanned: u64,
    /// Messages that the rule matches.
    matched: u64,
    /// Messages that something stronger would happen to with the rule than without it.
    newly_caught: u64,
    /// Messages that something weaker would happen to.
    released: u64,
    /// Matches by room, the most first; at most 100 rooms.
    by_room: Vec<RoomCount>,
    /// At most 100 messages that the rule matches or changes something for, changed ones first.
    samples: Vec<Sample>,
    /// How long reading and judging a message took on average, in microseconds.
    micros_per_message: f64,
}

/// Matches in a room.
#[derive(Debug, Object)]
pub(crate) struct RoomCount {
    /// The room.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    room_id: i64,
    /// Messages.
    count: u64,
}

/// A message that a back-test shows.
#[derive(Debug, Object)]
pub(crate) struct Sample {
    /// The message.
    message: Message,
    /// What the rules in force make of it.
    before: Outcome,
    /// What they make of it with the rule.
    after: Outcome,
    /// Where the rule matches.
    matches: Vec<RuleMatch>,
}

/// A report, at once or behind lines of progress.
pub(crate) enum Tried {
    Report(Json<Envelope<BacktestReport>>),
    Lines(Backtest),
}

impl ApiResponse for Tried {
    fn meta() -> MetaResponses {
        let json = MetaMediaType {
            content_type: "application/json",
            schema: Envelope::<BacktestReport>::schema_ref(),
        };
        let lines = MetaMediaType {
            content_type: LINES,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema {
                description: Some(
                    "A JSON object a line: how far it is (`scanned`, `total`, `matched`), and in the last line the \
                     report. Where it fails on the way, the last line is the envelope of the failure.",
                ),
                ..MetaSchema::new("string")
            })),
        };
        let response = MetaResponse {
            description: "What the rule would have done.",
            status: Some(200),
            status_range: None,
            content: vec![json, lines],
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        BacktestReport::register(registry);
    }
}

impl IntoResponse for Tried {
    fn into_response(self) -> Response {
        match self {
            Self::Report(report) => report.into_response(),
            Self::Lines(backtest) => {
                let lines = stream::unfold(backtest, |mut backtest| async {
                    let step = backtest.next().await?;
                    Some((Ok::<_, std::io::Error>(line(step)), backtest))
                });
                Response::builder().content_type(LINES).body(Body::from_bytes_stream(lines))
            }
        }
    }
}

fn line(step: Result<Step, DeskError>) -> String {
    let json: Value = match step {
        Ok(Step::Progress(progress)) => {
            serde_json::to_value(progress).expect("numbers have nothing that JSON has not")
        }
        Ok(Step::Done(report)) => BacktestReport::from(*report).to_json().into(),
        Err(error) => {
            plic_pipeline::log_limited!(WARN, error: &error, "a back-test failed");
            Failure::from(error).envelope()
        }
    };
    format!("{json}\n")
}

/// The handlers.
pub(crate) struct BacktestApi {
    pub(crate) desk: Desk,
}

#[OpenApi(tag = "Tag::Rules")]
impl BacktestApi {
    /// Try a rule on stored messages
    ///
    /// Says what the rule would have matched and changed, as if it had been live beside the others, or in the place of
    /// the one with its id; changes nothing. With `Accept: application/x-ndjson` lines of progress come first. Closing
    /// the connection stops it. At most two run at once on a node (429).
    #[oai(path = "/moderation/backtest", method = "post", operation_id = "backtestRule")]
    async fn backtest(
        &self,
        caller: Caller,
        headers: &HeaderMap,
        body: JsonBody<BacktestBody>,
    ) -> Result<Tried, Failure> {
        let BacktestBody { draft, since, limit } = body.0;
        let backtest = self.desk.backtest(actor(&caller), BacktestRequest { draft, since, limit }).await?;
        if wants_lines(headers) {
            return Ok(Tried::Lines(backtest));
        }
        Ok(Tried::Report(Json(Envelope::of(backtest.report().await?.into()))))
    }
}

fn wants_lines(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(LINES)))
}

impl From<desk::BacktestReport> for BacktestReport {
    fn from(report: desk::BacktestReport) -> Self {
        let room = |(room, count): (plic_pipeline::id::RoomId, u64)| RoomCount { room_id: room.0, count };
        Self {
            scanned: report.scanned,
            matched: report.matched,
            newly_caught: report.newly_caught,
            released: report.released,
            by_room: report.by_room.into_iter().map(room).collect(),
            samples: report.samples.into_iter().map(Sample::from).collect(),
            micros_per_message: rounded(report.micros_per_message, 2),
        }
    }
}

impl From<desk::Sample> for Sample {
    fn from(sample: desk::Sample) -> Self {
        Self {
            message: sample.message.into(),
            before: sample.before.into(),
            after: sample.after.into(),
            matches: sample.matches.into_iter().map(RuleMatch::from).collect(),
        }
    }
}
