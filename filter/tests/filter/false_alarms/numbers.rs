//! Identifiers as machines make them, and valid account numbers of European countries.

use crate::disguise_groups::Dice;

/// What follows the check digits of an IBAN: digits `n`, letters `a`, either `c`.
const ACCOUNTS: &[(&str, &str)] = &[
    ("AT", "16n"),
    ("BE", "12n"),
    ("CH", "5n12c"),
    ("CZ", "20n"),
    ("DE", "18n"),
    ("DK", "14n"),
    ("EE", "16n"),
    ("ES", "20n"),
    ("FI", "14n"),
    ("FR", "10n11c2n"),
    ("GB", "4a14n"),
    ("GR", "7n16c"),
    ("HR", "17n"),
    ("HU", "24n"),
    ("IE", "4a14n"),
    ("IT", "1a10n12c"),
    ("LU", "3n13c"),
    ("MT", "4a5n18c"),
    ("NL", "4a10n"),
    ("NO", "11n"),
    ("PL", "24n"),
    ("PT", "21n"),
    ("RO", "4a16c"),
    ("SE", "20n"),
];
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

fn drawn(dice: &mut Dice, from: &str, count: usize) -> String {
    (0..count).map(|_| char::from(from.as_bytes()[dice.below(from.len())])).collect()
}

/// UUIDs, hashes, and short codes as bookings have them.
pub(super) fn identifiers() -> Vec<String> {
    let mut dice = Dice(31);
    let hex = |dice: &mut Dice, count| drawn(dice, "0123456789abcdef", count);
    (0..1_200)
        .flat_map(|_| {
            let uuid: Vec<String> = [8, 4, 4, 4, 12].map(|count| hex(&mut dice, count)).into();
            [
                uuid.join("-"),
                hex(&mut dice, 32),
                hex(&mut dice, 64),
                format!("ref {}", hex(&mut dice, 8)),
                format!("code {}", drawn(&mut dice, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 8)),
                drawn(&mut dice, "abcdefghijklmnopqrstuvwxyz0123456789", 10),
            ]
        })
        .collect()
}

/// Valid IBANs: bare, in groups, with a word before.
pub(super) fn ibans() -> Vec<String> {
    let mut dice = Dice(37);
    let mut messages = Vec::new();
    for (country, format) in ACCOUNTS {
        for _ in 0..50 {
            let iban = iban(country, &account(&mut dice, format));
            let groups: Vec<&str> =
                (0..iban.len()).step_by(4).map(|at| &iban[at..iban.len().min(at + 4)]).collect();
            let grouped = groups.join(" ");
            messages.push(match dice.below(6) {
                0 => iban,
                1 => grouped,
                2 => format!("IBAN : {grouped}"),
                3 => format!("my iban: {grouped}"),
                4 => format!("voici mon RIB {grouped}"),
                _ => format!("c'est {grouped}"),
            });
        }
    }
    messages
}

fn account(dice: &mut Dice, format: &str) -> String {
    let mut account = String::new();
    let mut count = 0;
    for c in format.chars() {
        if let Some(digit) = c.to_digit(10) {
            count = count * 10 + usize::try_from(digit).expect("a digit");
            continue;
        }
        let from = match c {
            'n' => DIGITS.to_owned(),
            'a' => LETTERS.to_owned(),
            _ => format!("{LETTERS}{DIGITS}"),
        };
        account.push_str(&drawn(dice, &from, count));
        count = 0;
    }
    account
}

/// With the two digits that make its remainder by 97 one.
fn iban(country: &str, account: &str) -> String {
    let rest = |text: &str| {
        text.chars().fold(0, |rest, c| {
            let digit = c.to_digit(36).expect("letters and digits");
            (rest * if digit > 9 { 100 } else { 10 } + digit) % 97
        })
    };
    let check = 98 - rest(&format!("{account}{country}00"));
    let iban = format!("{country}{check:02}{account}");
    assert_eq!(rest(&format!("{account}{country}{check:02}")), 1, "{iban}");
    iban
}
