//! Characters that show nothing by themselves.

use unicode_normalization::char::is_combining_mark;

/// Whether a text has nothing that can be seen.
pub fn is_blank(text: &str) -> bool {
    // A mark with nothing to stand on is no letter.
    text.chars().all(|c| is_space(c) || is_invisible(c) || is_combining_mark(c))
}

/// White space, and what looks like it.
pub(super) fn is_space(c: char) -> bool {
    // U+2800 is Braille with no dot; U+1D159 a note without a head.
    c.is_whitespace() || matches!(c, '\u{2800}' | '\u{1d159}')
}

/// Characters that a reader does not see: Unicode's `Default_Ignorable_Code_Point` (soft hyphen, Hangul fillers, zero
/// width, bidirectional, variation selectors, tags), controls, and annotation characters.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
        || (c.is_control() && !c.is_whitespace())
}

/// Marks that languages fold, or that belong to none: the general blocks, Hebrew points and Arabic vowel marks. The
/// vowels of Indic scripts and the voicing of Kana are letters to their readers and stay.
pub(super) fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}'
        | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_blank() {
        for text in [
            "",
            " \t\r\n",
            "\u{a0}\u{2003}\u{3000}",
            "\u{200b}\u{200c}\u{200d}\u{feff}",
            "\u{2800}",
            "\u{3164}\u{115f}\u{1160}\u{ffa0}",
            "\u{ad}",
            "\u{202e}\u{2066}\u{2069}",
            "\u{fe0f}",
            "\u{e0061}\u{e007f}",
            "\u{300}\u{20e3}",
            "\0\u{7f}\u{85}",
            "\u{fff9}",
            "\u{2028}\u{2029}",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn what_shows_anything_is_not_blank() {
        for text in ["a", " . ", "\u{200b}é", "e\u{301}", "👍🏽", "1\u{fe0f}\u{20e3}", "한", "ا", "\u{fffd}"]
        {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
