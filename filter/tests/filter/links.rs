//! Links: by name, any, to shorteners, and to look-alikes of names that are allowed.

use crate::set::{matched, rule, set};
use serde_json::{Value, json};

fn links(keys: &Value, text: &str) -> Vec<String> {
    let set = set(&[rule(1, "links", keys.clone())]);
    matched(&set.check(text), text).into_iter().map(str::to_owned).collect()
}

#[test]
fn names_match_with_what_is_below_them_however_they_are_written() {
    let rule = json!({"domains": ["evil.com", "*.example", "exämple.fr"]});
    for (text, link) in [
        ("Voir https://EVIL.com/a?b=c, merci", "https://EVIL.com/a?b=c"),
        ("go to www.evil.com!", "www.evil.com"),
        ("evil.com", "evil.com"),
        ("hxxps://evil[.]com/x", "evil[.]com/x"),
        ("evil dot com", "evil dot com"),
        ("sur evil point com demain", "evil point com"),
        ("ev\u{200b}il．com", "ev\u{200b}il．com"),
        ("bad.example", "bad.example"),
        ("xn--exmple-cua.fr", "xn--exmple-cua.fr"),
        ("http://swappart.com@evil.com/login", "http://swappart.com@evil.com/login"),
    ] {
        assert_eq!(links(&rule, text), [link], "{text}");
    }
    for text in ["notevil.com", "evil.com.org", "example", "devil . comme", "me@evil.com", "evil, com"] {
        assert_eq!(links(&rule, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_star_is_any_link_but_those_allowed() {
    let rule = json!({"domains": ["*"], "allow_domains": ["swappart.com"]});
    for text in
        ["https://a.b/c", "www.site.xyz", "site.fr", "http://localhost", "bit.ly/abc", "http://10.0.0.1/"]
    {
        assert_eq!(links(&rule, text).len(), 1, "{text}");
    }
    for text in [
        "https://swappart.com/flats/1",
        "app.swappart.com",
        "Bonjour.Je suis là",
        "me@example.com",
        "1.200 euros à 14.30",
        "Fini...demain",
        "etc.et voilà",
    ] {
        assert_eq!(links(&rule, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn look_alikes_of_allowed_names_match() {
    let rule = json!({"allow_domains": ["swappart.com"]});
    for text in [
        "swаppart.com",
        "https://swappart.co/login",
        "swapart.com",
        "swapparrt.com",
        "sawppart.com",
        "login.swapp4rt.com",
        "swappart.com.login.net",
        "xn--swppart-3fg.com",
    ] {
        assert_eq!(links(&rule, text).len(), 1, "{text}");
    }
    for text in ["swappart.com", "a.swappart.com", "https://airbnb.com", "swap.com", "swappart"] {
        assert_eq!(links(&rule, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn shorteners_match_where_they_are_asked_for() {
    assert_eq!(
        links(&json!({"shorteners": true}), "see https://bit.ly/3x and site.fr"),
        ["https://bit.ly/3x"]
    );
    assert_eq!(links(&json!({"domains": ["a.fr"]}), "https://bit.ly/3x"), Vec::<String>::new());
}
