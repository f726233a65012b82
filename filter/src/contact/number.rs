//! Numbers in words, as digits: "zéro six" is 06, "quatre-vingt-dix-sept" 97, "oh seven double five" 0755.

/// Words without which no phone number is spelled.
pub(super) const FIRST_WORDS: &[&str] = &["zero", "double", "triple", "oh "];

/// What a word adds to the number that is being spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelled {
    /// A number from 0 to 19, or one that nothing follows.
    Unit(u8),
    /// From 20 to 60 or 90, to which a unit may be added; in French 60 and 80 are also followed by ten and more.
    Tens(u8),
    /// The second half of "quatre-vingt".
    Score,
    /// The next digit twice, or three times.
    Times(u8),
    /// "et", between tens and one.
    And,
}

/// Reads a word of a skeleton.
pub(super) fn read(word: &str) -> Option<Spelled> {
    use Spelled::{And, Score, Tens, Times, Unit};
    Some(match word {
        "zero" | "oh" | "nought" => Unit(0),
        "un" | "une" | "one" => Unit(1),
        "deux" | "two" => Unit(2),
        "trois" | "three" => Unit(3),
        "quatre" | "four" => Unit(4),
        "cinq" | "five" => Unit(5),
        "six" => Unit(6),
        "sept" | "seven" => Unit(7),
        "huit" | "eight" => Unit(8),
        "neuf" | "nine" => Unit(9),
        "dix" | "ten" => Unit(10),
        "onze" | "eleven" => Unit(11),
        "douze" | "twelve" => Unit(12),
        "treize" | "thirteen" => Unit(13),
        "quatorze" | "fourteen" => Unit(14),
        "quinze" | "fifteen" => Unit(15),
        "seize" | "sixteen" => Unit(16),
        "seventeen" => Unit(17),
        "eighteen" => Unit(18),
        "nineteen" => Unit(19),
        "vingt" | "twenty" => Tens(20),
        "trente" | "thirty" => Tens(30),
        "quarante" | "forty" => Tens(40),
        "cinquante" | "fifty" => Tens(50),
        "soixante" | "sixty" => Tens(60),
        "septante" | "seventy" => Tens(70),
        "huitante" | "octante" | "eighty" => Tens(80),
        "nonante" | "ninety" => Tens(90),
        "vingts" => Score,
        "double" => Times(2),
        "triple" => Times(3),
        "et" => And,
        _ => return None,
    })
}

/// The digits of numbers in words, in groups as they were spelled.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pending: Option<Spelled>,
    value: u8,
    times: u8,
}

impl Reader {
    /// Takes a word, and gives the digits of the number that ends before it.
    pub(super) fn take(&mut self, word: Spelled) -> Option<String> {
        use Spelled::{And, Score, Tens, Times, Unit};
        let joined = match (self.pending, word) {
            (Some(Unit(4)), Tens(20)) => Some((Tens(80), 80)),
            // With an s nothing follows.
            (Some(Unit(4)), Score) => Some((Unit(99), 80)),
            (Some(Tens(tens)), Unit(unit @ 1..=9)) => Some((Unit(99), tens + unit)),
            (Some(Tens(tens @ (60 | 80))), Unit(teen @ 10..=16)) => {
                Some((Unit(if teen == 10 { 98 } else { 99 }), tens + teen))
            }
            // "soixante dix huit", "dix sept"
            (Some(Unit(98)), Unit(unit @ 7..=9)) => Some((Unit(99), self.value + unit)),
            (Some(Unit(10)), Unit(unit @ 7..=9)) => Some((Unit(99), 10 + unit)),
            _ => None,
        };
        if let Some((pending, value)) = joined {
            (self.pending, self.value) = (Some(pending), value);
            return None;
        }
        if word == And && matches!(self.pending, Some(Tens(_))) {
            return None;
        }
        let done = self.finish();
        match word {
            Unit(value) | Tens(value) => (self.pending, self.value) = (Some(word), value),
            Score => (self.pending, self.value) = (Some(Tens(20)), 20),
            Times(times) => self.times = times,
            And => {}
        }
        done
    }

    /// The digits of the number that ends here.
    pub(super) fn finish(&mut self) -> Option<String> {
        self.pending.take()?;
        let times = std::mem::take(&mut self.times).max(1);
        Some(self.value.to_string().repeat(times.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> String {
        let mut reader = Reader::default();
        let mut groups: Vec<_> =
            text.split([' ', '-']).filter_map(read).map(|word| reader.take(word)).collect();
        groups.push(reader.finish());
        groups.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_in_words_are_digits() {
        for (words, expected) in [
            ("zero six douze trente quatre", "0 6 12 34"),
            ("soixante dix huit quatre vingt dix sept", "78 97"),
            ("quatre-vingts quatre-vingt-un vingt et un dix-huit", "80 81 21 18"),
            ("soixante quinze soixante et onze", "75 71"),
            ("oh seven double five triple one", "0 7 55 111"),
            ("twenty three forty", "23 40"),
        ] {
            assert_eq!(digits(words), expected, "{words}");
        }
    }
}
