//! A file of `web/static`, as browsers get it: with its type, its version, and compressed where they take that.

use std::{borrow::Cow, io::Write as _};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, StatusCode, header};
use poem::{Request, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

/// Browsers ask each time whether what they have is still the file (RFC 9111 section 5.2.2.4): a new release is seen at once.
const CACHE: &str = "no-cache";

#[derive(RustEmbed)]
#[folder = "web/static/"]
struct Embedded;

/// A file and what browsers are told of it.
#[derive(Clone)]
pub(super) struct File {
    content_type: &'static str,
    etag: String,
    content: Bytes,
    gzip: Bytes,
}

impl File {
    /// The file at this path below `web/static`.
    #[cfg(debug_assertions)]
    pub(super) fn find(path: &str) -> Option<Self> {
        Some(Self::new(path, Embedded::get(path)?))
    }

    /// The file at this path below `web/static`.
    #[cfg(not(debug_assertions))]
    pub(super) fn find(path: &str) -> Option<Self> {
        use std::{collections::HashMap, sync::LazyLock};

        static FILES: LazyLock<HashMap<Cow<'static, str>, File>> = LazyLock::new(|| {
            let read = |path: Cow<'static, str>| {
                let file = Embedded::get(&path).expect("what is listed is there");
                (path.clone(), File::new(&path, file))
            };
            Embedded::iter().map(read).collect()
        });
        FILES.get(path).cloned()
    }

    fn new(path: &str, file: EmbeddedFile) -> Self {
        let hash = file.metadata.sha256_hash();
        let etag =
            hash.iter().take(16).fold(String::from("\""), |tag, byte| tag + &format!("{byte:02x}")) + "\"";
        let content = match file.data {
            Cow::Borrowed(data) => Bytes::from_static(data),
            Cow::Owned(data) => Bytes::from(data),
        };
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content).expect("memory takes what is written");
        let gzip = Bytes::from(encoder.finish().expect("memory takes what is written"));
        Self { content_type: content_type(path), etag, content, gzip }
    }

    /// The file, or that the browser has it.
    pub(super) fn answer(self, request: &Request) -> Response {
        let response = Response::builder()
            .header(header::CACHE_CONTROL, CACHE)
            .header(header::VARY, "accept-encoding")
            .header(header::ETAG, format!("W/{}", self.etag));
        let is_known = |known: &str| known.trim_start_matches("W/") == self.etag;
        if names(request.headers(), header::IF_NONE_MATCH, is_known) {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        let response = response.content_type(self.content_type);
        if names(request.headers(), header::ACCEPT_ENCODING, takes_gzip) {
            response.header(header::CONTENT_ENCODING, "gzip").body(self.gzip)
        } else {
            response.body(self.content)
        }
    }
}

/// Whether this coding is gzip, and not refused by a weight of zero (RFC 9110, section 12.5.3).
fn takes_gzip(coding: &str) -> bool {
    let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
    let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
    name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
}

/// Whether one of the header's values is what is looked for.
fn names(headers: &HeaderMap, name: header::HeaderName, is_it: impl Fn(&str) -> bool) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| is_it(value.trim()))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}
