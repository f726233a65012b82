//! Contact details, masked.

use crate::set::{rule, set};
use serde_json::json;

#[test]
fn contact_details_are_masked_with_one_star_a_character() {
    let set = set(&[rule(1, "contact", json!({"action": "mask", "category": "contact"}))]);
    for (text, masked) in [
        ("Mon numéro : 06 12 34 56 78, merci", "Mon numéro : **************, merci"),
        ("Écris à bob.é@exemple.fr stp", "Écris à **************** stp"),
        ("+33 (0)6 12 34 56 78", "********************"),
        ("０６１２３４５６７８", "**********"),
        ("0\u{fe0f}\u{20e3}6 12 34 56 78", "****************"),
        ("zéro six douze trente-quatre cinquante-six soixante-dix-huit", &"*".repeat(60)),
        ("Insta : @bob_75 😀", "Insta : ******* 😀"),
        ("bob arobase gmail point com", "***************************"),
        ("call 020 7946 0018 or 07700 900123", "call ************* or ************"),
    ] {
        let verdict = set.check(text);
        assert_eq!(verdict.masked(text), masked, "{text}");
        assert!(!verdict.stops());
    }
}

#[test]
fn numbers_that_are_no_contact_stay() {
    let set = set(&[rule(1, "contact", json!({"action": "mask"}))]);
    for text in [
        "1 200 000 € ou 1.200,50 €",
        "du 01/02/2026 au 08/02/2026, et le 2026-02-03",
        "75011 Paris, digicode 45B12, code 123456",
        "de 14h30 à 16h00, 70 m2, 3 pièces, 2e étage",
        "IBAN FR76 3000 6000 0112 3456 7890 189",
        "vol AF1234, train 6203, ligne 13",
        "Il y a six chambres, deux salles de bains et vingt minutes de marche",
        "On se voit at home? I saw it on Instagram, no signal here",
        "le @ du clavier",
    ] {
        assert_eq!(set.check(text).masked(text), text);
    }
}
