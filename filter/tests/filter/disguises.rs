//! What the starter set stops and what it lets pass: disguises, and innocent words that hold another.

use plic_filter::{Action, Category, Lowered, RuleSet, Verdict};

use crate::set::unscored;

/// The text, and what of it is matched.
const STOPPED: &[(&str, &str)] = &[
    // Case, accents, invisible and bidirectional characters.
    ("you NiGGer", "NiGGer"),
    ("nìĝgér!", "nìĝgér"),
    ("n\u{200b}i\u{200d}g\u{2060}g\u{feff}er", "n\u{200b}i\u{200d}g\u{2060}g\u{feff}er"),
    ("\u{202e}kikes\u{202c}", "kikes"),
    ("k\u{336}i\u{336}k\u{336}e\u{336}", "k\u{336}i\u{336}k\u{336}e\u{336}"),
    ("fag\u{ad}got", "fag\u{ad}got"),
    // Confusables: Cyrillic, Greek, full width, mathematical, circled, small capitals, white on black.
    ("nіggеr", "nіggеr"),
    ("κіκεѕ", "κіκεѕ"),
    ("ｆａｇｇｏｔｓ", "ｆａｇｇｏｔｓ"),
    ("𝖋𝖆𝖌𝖌𝖔𝖙", "𝖋𝖆𝖌𝖌𝖔𝖙"),
    ("ⓝⓘⓖⓖⓔⓡ", "ⓝⓘⓖⓖⓔⓡ"),
    ("ɴɪɢɢᴇʀ", "ɴɪɢɢᴇʀ"),
    ("🅺🅸🅺🅴🆂", "🅺🅸🅺🅴🆂"),
    // Leetspeak.
    ("n1gg3r", "n1gg3r"),
    ("f@gg0t", "f@gg0t"),
    ("$pic$", "$pic$"),
    ("ki11 all jews", "ki11 all jews"),
    ("b0ugn0ul3", "b0ugn0ul"),
    ("yo n!gger!", "n!gger"),
    // Letters set apart, and words broken or run together.
    ("such a n i g g e r", "n i g g e r"),
    ("u r a n i g g e r", "n i g g e r"),
    ("n.i.g.g.e.r", "n.i.g.g.e.r"),
    ("f-a-g-g-o-t, really", "f-a-g-g-o-t"),
    ("n  i  g  g  e  r", "n  i  g  g  e  r"),
    ("n 1 g g 3 r", "n 1 g g 3 r"),
    ("nig-ger", "nig-ger"),
    ("s a l e   j u i f", "s a l e   j u i f"),
    ("#MortAuxJuifs", "MortAuxJuifs"),
    ("gas\nthe\t jews", "gas\nthe\t jews"),
    ("gas *the* \"jews\"", "gas *the* \"jews"),
    ("sale-arabe", "sale-arabe"),
    // Letters repeated.
    ("niiiiggggerrrr", "niiiiggggerrrr"),
    ("faaggoott", "faaggoott"),
    ("saaale araaabe", "saaale araaabe"),
    // A digit beside a word does not hide it.
    ("nigger1", "nigger"),
    ("w0g5 and n1gg3r$", "n1gg3r$"),
    ("ki11 the n1ggers", "ki11 the n1ggers"),
    ("🇫🇦🇬🇬🇴🇹🇸", "🇫🇦🇬🇬🇴🇹🇸"),
    ("ɹǝƃƃᴉu", "ɹǝƃƃᴉu"),
    ("ϲһіntоk", "ϲһіntоk"),
    // Slips of the pen, signs for letters, broken and glued words.
    ("fagtogs, fagogts", "fagogts"),
    ("a faggto", "faggto"),
    ("n*gger", "n*gger"),
    ("f**got", "f**got"),
    ("sale b*ugnoule", "b*ugnoule"),
    ("f****t", "f****t"),
    ("ni gg er", "ni gg er"),
    ("fag got", "fag got"),
    ("ihatefaggots", "faggots"),
    ("killallkikes", "kikes"),
    ("bandedebougnoules", "bougnoules"),
    ("reggin", "reggin"),
    ("phaggotz", "phaggotz"),
    ("fggts", "fggts"),
    ("n3gr0 de merde", "n3gr0"),
    // French, with and without its accents.
    ("Sale Négresse", "Sale Négresse"),
    ("NEGRE", "NEGRE"),
    ("t'es un pede", "un pede"),
    ("espèce de pédé", "pédé"),
    ("sales juifs", "sales juifs"),
    ("Mort à tous les Arabes", "Mort à tous les Arabes"),
    ("les arabes sont des cafards", "arabes sont des cafards"),
];

const PASSED: &[&str] = &[
    "We live in Scunthorpe, close to Penistone and Clitheroe.",
    "Essex, Sussex, Middlesex",
    "On mange un coq au vin ce soir ?",
    "Désolé, mon train a du retard. Un retard de train de 14h30 !",
    "Les retards de paiement sont rares.",
    "The flat was spic and span when we left.",
    "We have two Maine Coons, is that fine?",
    "Add a kaffir lime leaf.",
    "A chink in the armour of the plan.",
    "He is niggardly with towels; the child sniggered.",
    "From Niger to Nigeria, then Montenegro and the Rio Negro.",
    "Le Monténégro est magnifique, un Negroni sur la terrasse",
    "Le dessert : un nègre en chemise, ou une tête de nègre.",
    "Gare de la Négresse à Biarritz",
    "Ils ont lu La Rue Cases-Nègres",
    "Il faut tous les brûler, ces cartons. Chambre calme, les étrangers dehors le matin ?",
    "Une vieille pédale de merde sur le vélo",
    "Mr. Coon lives on Fagg Street",
    "La pédale de frein et la tapette à souris sont dans la cave.",
    "Un raton laveur et un petit bicorne",
    "Con mucho gusto, el gato negro",
    "Le linge est sale, arabe ou français peu importe la lessive.",
    "as a p e t owner I pay, no, go",
    "s p i c e it up", // The letters spell a longer word.
    "a god, a good dog, a cocoon, con and conne",
    "Le 3rd floor, 1200€, 14h30, B2B, n1, 70m2, 2ème étage",
    "Plan B. A. C. D. E",
    "Our neighbours are a Jewish family and two gay men from Mexico.",
    "Le quartier juif, le restaurant chinois et l'épicerie arabe sont à deux pas.",
    "Les étrangers sont les bienvenus dans l'immeuble.",
    "Les chats noirs sont des animaux de compagnie.",
    "Are refugees welcome to rent the room?",
    "A fag break on the balcony is fine.",
    "Dyke Road, Brighton",
    "The white power socket is behind the sofa.",
    "Il pède, dit-il",
    "кікіморa",
    "🇳🇮🇬🇪🇷",
    "Vacances à Nègrepelisse, négocier le prix, un assassin de cinéma, concombre et pédalo",
    "The cockpit, a therapist, a tycoon and a raccoon; a cocoon, spices like spicy noodles, au pair",
    "Un ouvrage retardataire, en retard, retardé ; la rouille, les couilles, l'autre rive, polka, travel",
    "A maggot, a trigger, bigger, digger, swagger; he giggled, the faggots and peas were lovely",
    "A dyke along the canal keeps the water out; the sea dykes of Holland",
    "une tapette à mouches, un dragoon, the granny's tyranny, a travelogue about Lesbos",
    "go ok, he she they, do the ads, dot heads, si pic s'il y a, en te voyant, tan tôt",
    "f*cking late, b*tch of a day, sh*t happens, m*rde alors, c*nnard de voisin, p*tain",
    "*Niger* and **Nigeria**, *you* and _me_, snake_case, foo.bar, G.P.S., a.m., p.m., e.g. i.e.",
    "grids, prgms, bcp, rdv, slt, tjrs, pls, thx, msg, tmrw, wknd, qqn, gyms, pics, spcl, dgts",
    "Bonjour Ajeet, Raghad, Akis, Paqui, Gouin, Fagg, Skoog, Huggins, Darke, Pollak, Niki, Kiko",
    "pssst, 3 x 4 = 12, 50/50, 100%, #vacances, #paris2024, ###, ***, ok!!!, wifi: azerty_1234",
    "allspice, auspicious, Pakistan, kikoo lol, coincoin, gooky mess, the Vespa, Biot, Lebo, Murat",
    "France🇫🇷🇬🇧🇺🇸 and 🇩🇪🇪🇸",
    "",
    " \u{200b}",
];

fn spans<'a>(verdict: &Verdict, text: &'a str) -> Vec<&'a str> {
    verdict.matches.iter().map(|found| &text[found.span.clone()]).collect()
}

#[test]
fn disguised_hate_is_stopped_and_the_match_is_what_was_written() {
    let rules = unscored();
    for (text, matched) in STOPPED {
        let verdict = rules.check(text);
        let only_near = verdict.matches.iter().all(|hit| hit.lowered == Some(Lowered::Near));
        let action = if only_near { Action::Hold } else { Action::Block };
        assert_eq!(verdict.action, Some(action), "{text}");
        assert_eq!(verdict.category, Some(Category::Hate), "{text}");
        assert!(spans(&verdict, text).contains(matched), "{text}: {:?}", spans(&verdict, text));
    }
}

#[test]
fn innocent_words_that_hold_another_pass() {
    let rules = unscored();
    for text in PASSED {
        let verdict = rules.check(text);
        assert!(!verdict.refuses(), "{text}: {:?}", spans(&verdict, text));
    }
}

#[test]
fn an_innocent_phrase_lifts_nothing_outside_itself() {
    let rules = unscored();
    for text in ["spic and span, you spic", "un nègre en chemise, sale nègre", "Scunthorpe niggers"] {
        assert!(rules.check(text).closes(), "{text}");
    }
}

#[test]
fn a_verdict_does_not_tell_the_text() {
    let verdict = RuleSet::starter().check("a secret address, you kike");
    let shown = format!("{verdict:?}");
    assert!(verdict.closes() && !shown.contains("secret") && !shown.contains("kike"), "{shown}");
}
