//! Where pages and apps come from, as they say it in the header `Origin`: `https://www.example.org`, `capacitor://localhost`,
//! `file://`, `null`.

use url::Url;

/// Reads an origin, which must be written exactly as browsers send it.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    let no_origin =
        || "not an origin such as https://www.example.org, capacitor://localhost, file:// or null".to_owned();
    if text == "null" {
        return Ok(text.into());
    }
    let exact = if text.contains("://") && !["http:", "https:"].iter().any(|scheme| has_scheme(text, scheme))
    {
        app_origin(text).ok_or_else(no_origin)?
    } else {
        let url = Url::parse(text).map_err(|_| no_origin())?;
        let host = url.host_str().ok_or_else(no_origin)?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}", url.scheme())
    };
    if exact.contains('*') {
        return Err("a wildcard, which matches no origin: name every origin".to_owned());
    }
    if exact == text { Ok(exact) } else { Err(format!("not an exact origin; did you mean {exact}?")) }
}

fn has_scheme(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// Returns the origin of an app's page. Its host may be anything without spaces, and empty (`file://`): these schemes have no
/// origin by the URL standard, and each app sends what its shell makes up.
fn app_origin(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let is_host = host
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'@' | b'\\' | b'"' | b'<' | b'>'));
    (is_scheme && is_host).then(|| format!("{}://{host}", scheme.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_taken_as_browsers_and_apps_send_them() {
        for exact in [
            "https://www.example.org",
            "http://localhost:5173",
            "https://[::1]:8443",
            "null",
            "file://",
            "capacitor://localhost",
            "ionic://localhost",
            "tauri://localhost",
            "http://tauri.localhost",
            "app://",
            "app://-",
            "app://.",
            "com.example.app://main",
            "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
        ] {
            assert_eq!(origin(exact).as_deref(), Ok(exact));
        }
        for (near, meant) in [
            ("https://app.example/", "https://app.example"),
            ("https://app.example:443", "https://app.example"),
            ("HTTPS://App.example", "https://app.example"),
            ("https://me:hush@app.example", "https://app.example"),
            ("file:///", "file://"),
            ("capacitor://localhost/", "capacitor://localhost"),
            ("Tauri://localhost", "tauri://localhost"),
        ] {
            let why = origin(near).expect_err(near);
            assert!(why.ends_with(&format!("did you mean {meant}?")), "{near}: {why}");
        }
        for wrong in [
            "",
            "*",
            "app.example",
            "localhost:3000",
            "Null",
            "://x",
            "1app://x",
            "app://a b",
            "app://a@b",
            "https://",
            "data:text/html,x",
            "https://*.a.example",
            "https://*",
            "https://a.example:*",
            "app://*",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
