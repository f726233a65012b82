//! `/docs`: Swagger UI as poem-openapi embeds it, taken apart into files of our own origin, so that the page needs
//! neither a CDN nor inline scripts.

use poem::{
    Endpoint, Response, Route,
    endpoint::make_sync,
    http::{
        Method,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY},
    },
};
use poem_openapi::OpenApiService;

use crate::methods::only;

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>plic-chat API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/page.css">
</head>
<body>
<header><a href="/">← plic-chat</a><span id="tokens" hidden>To try the routes, choose Authorize and paste a token: <code>plic-chat dev</code>
has printed some in its terminal, and <code>cargo run -q -- token --sub UUID</code> prints one more.</span></header>
<div id="ui"></div>
<script src="/docs/swagger-ui.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"#;

/// `validatorUrl` would show the specification to a service of somebody else. Tokens are not kept (`persistAuthorization`): the
/// local storage outlives the tab and is open to every script of this origin.
const START: &str = r#"// An earlier release kept tokens here.
localStorage.removeItem("authorized");
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: '#ui',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
// A server that has demo users, or will have them once a browser shows its code, is `plic-chat dev`.
fetch("/web/sign-in.json").then((answer) => answer.json()).then(({ demo, needs_code }) => {
  document.getElementById("tokens").hidden = !demo && !needs_code;
}, () => {});
"#;

/// Wide tables scroll by themselves on narrow screens, and lines of prose are no longer than one reads.
const PAGE_STYLE: &str = "body { margin: 0; }
header { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; padding: 0.75rem 1.25rem; font: 0.9rem/1.5 sans-serif; }
header a { color: #1a5fb4; }
.swagger-ui .info .markdown { max-width: 62rem; }
.swagger-ui .info .markdown table { display: block; overflow-x: auto; }
";

/// Swagger UI writes style attributes and draws icons from `data:`; scripts and style sheets are ours alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Adds `/docs` and what it loads, and `/openapi.json`.
pub(crate) fn add_routes(routes: Route) -> Route {
    let embedded = OpenApiService::new((), "", "").swagger_ui_html();
    let style = between(&embedded, "<style charset=\"UTF-8\">", "</style>");
    let script = between(&embedded, "<script charset=\"UTF-8\">", "</script>");
    routes
        .at("/docs", file("text/html; charset=utf-8", PAGE))
        .at("/docs/", file("text/html; charset=utf-8", PAGE))
        .at("/docs/swagger-ui.css", file("text/css; charset=utf-8", style))
        .at("/docs/swagger-ui.js", file("text/javascript; charset=utf-8", script))
        .at("/docs/page.css", file("text/css; charset=utf-8", PAGE_STYLE))
        .at("/docs/start.js", file("text/javascript; charset=utf-8", START))
        .at("/openapi.json", file("application/json", &crate::spec::spec()))
}

fn file(content_type: &'static str, content: &str) -> impl Endpoint + use<> {
    let content = bytes::Bytes::copy_from_slice(content.as_bytes());
    only(
        &[Method::GET],
        make_sync(move |_| {
            Response::builder()
                .content_type(content_type)
                .header(CACHE_CONTROL, "no-cache")
                .header(CONTENT_SECURITY_POLICY, POLICY)
                .body(content.clone())
        }),
    )
}

fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(start).expect("poem-openapi's page has this tag");
    rest.split_once(end).expect("poem-openapi's page closes this tag").0
}
