//! Half a surrogate pair in a JSON string (`"\ud83d"`): what JavaScript's `JSON.stringify` makes of an emoji that was cut in
//! two. It is valid JSON and no Unicode text, so that `serde_json` refuses the whole document.

use std::borrow::Cow;

use memchr::memmem;

/// The bytes of `\uXXXX`.
const ESCAPE_BYTES: usize = 6;
/// The replacement character, as long as the escape that it replaces: offsets stay what they are.
const REPLACEMENT: &[u8; ESCAPE_BYTES] = br"\ufffd";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    High,
    Low,
}

/// Returns `json` with every escaped half of a surrogate pair that stands alone replaced by an escaped U+FFFD. Borrows where
/// there is none, which costs a search for `\ud`.
pub fn replace_lone_surrogates(json: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = first_candidate(json) else { return Cow::Borrowed(json) };
    let mut replaced = Cow::Borrowed(json);
    // An escape may begin at any backslash before: escapes are counted from the start of the run of backslashes.
    let mut at = json[..first].iter().rposition(|byte| *byte != b'\\').map_or(0, |last| last + 1);
    while let Some(distance) = memchr::memchr(b'\\', json.get(at..).unwrap_or_default()) {
        at += distance;
        at += match (half(json, at), half(json, at + ESCAPE_BYTES)) {
            (Some(Half::High), Some(Half::Low)) => 2 * ESCAPE_BYTES,
            (Some(_), _) => {
                replaced.to_mut()[at..at + ESCAPE_BYTES].copy_from_slice(REPLACEMENT);
                ESCAPE_BYTES
            }
            // Outside of strings a backslash is no JSON; in them it takes the next byte with it.
            (None, _) => 2,
        };
    }
    replaced
}

/// Returns where something stands that may be the escape of a surrogate.
fn first_candidate(json: &[u8]) -> Option<usize> {
    let (lower, upper) = (memmem::find(json, br"\ud"), memmem::find(json, br"\uD"));
    lower.into_iter().chain(upper).min()
}

/// Returns which half of a surrogate pair is escaped at this place.
fn half(json: &[u8], at: usize) -> Option<Half> {
    let escape = json.get(at..at + ESCAPE_BYTES)?;
    let [b'\\', b'u', b'd' | b'D', second, third, fourth] = *escape else { return None };
    if !third.is_ascii_hexdigit() || !fourth.is_ascii_hexdigit() {
        return None;
    }
    match second {
        b'8' | b'9' | b'a' | b'b' | b'A' | b'B' => Some(Half::High),
        b'c'..=b'f' | b'C'..=b'F' => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn replaced(json: &str) -> String {
        String::from_utf8(replace_lone_surrogates(json.as_bytes()).into_owned()).expect("UTF-8")
    }

    #[test]
    fn a_half_that_stands_alone_is_replaced() {
        for (json, expected) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uD83D!""#, r#""\ufffd!""#),
            (r#""\ude00""#, r#""\ufffd""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\ude00\ude00""#, r#""\ud83d\ude00\ufffd""#),
            (r#""\ud83dA""#, r#""\ufffdA""#),
            (r#""\ud83d\\ude00""#, r#""\ufffd\\ude00""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#"{"\udfff":"\udbff"}"#, r#"{"\ufffd":"\ufffd"}"#),
            (r#"["\\ud83d","\ud83d"]"#, r#"["\\ud83d","\ufffd"]"#),
        ] {
            assert_eq!(replaced(json), expected, "{json}");
        }
    }

    #[test]
    fn what_has_no_lone_half_is_borrowed_as_it_is() {
        for json in [
            "",
            "{}",
            r#""\ud83d\ude00""#,
            r#""\uD83D\uDE00 \u00e9""#,
            r#""\\ud83d""#,
            r#""\ud7ff""#,
            r#""\ud83""#,
            r"\",
            r"\ud8",
        ] {
            assert!(matches!(replace_lone_surrogates(json.as_bytes()), Cow::Borrowed(_)), "{json}");
        }
    }

    proptest! {
        #[test]
        fn any_code_units_become_the_text_that_javascript_would_show(
            units in proptest::collection::vec(prop_oneof![0xd7f0_u16..0xe010, any::<u16>()], 0..20),
        ) {
            let escaped = units.iter().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>().concat();
            let json = replaced(&format!("\"{escaped}\""));
            let text: String = serde_json::from_str(&json).expect("no half is left");
            prop_assert_eq!(text, String::from_utf16_lossy(&units));
        }

        #[test]
        fn any_bytes_keep_their_length(bytes in proptest::collection::vec(prop_oneof![Just(b'\\'), Just(b'u'), Just(b'd'), Just(b'8'), any::<u8>()], 0..64)) {
            prop_assert_eq!(replace_lone_surrogates(&bytes).len(), bytes.len());
        }
    }
}
