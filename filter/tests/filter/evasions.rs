//! How many of the plain slurs are recognised in each kind of evasion: letters that look like others, pasted alphabets,
//! what is shown in another order, HTML and Markdown; and that ordinary words in the same clothes pass.
//!
//! `cargo test -p plic-filter --test filter evasions -- --nocapture` prints the table.

use plic_filter::{RuleSet, canary};

use crate::disguise_groups::{Dice, Disguise, letters, replaced, weak_groups};

const GROUPS: &[(&str, Disguise)] = &[
    ("l for i", |slur, dice| long(slur).and_then(|slur| replaced(slur, dice, &[('i', "l")], 60))),
    ("j for i", |slur, dice| long(slur).and_then(|slur| replaced(slur, dice, &[('i', "j")], 60))),
    ("| for i", |slur, dice| inner(slur).and_then(|slur| replaced(slur, dice, &[('i', "|")], 60))),
    (": for i", |slur, dice| inner(slur).and_then(|slur| replaced(slur, dice, &[('i', ":")], 60))),
    ("q for g", |slur, dice| long(slur).and_then(|slur| replaced(slur, dice, &[('g', "q")], 60))),
    ("9 for g", |slur, dice| replaced(slur, dice, &[('g', "9")], 60)),
    ("look-alikes of g", |slur, dice| replaced(slur, dice, &[('g', "ɡցᶃɢǥɠƍԍ")], 80)),
    ("hooks and IPA", |slur, _| alphabet(slur, "ɑɓƈɗɛʄɠɦɩʝƙɭɱɳɵƥʠɼʂƭʉʋɯҳƴʐ")),
    ("stroke letters", |slur, _| alphabet(slur, "ȺɃȻĐɆꞘǤĦƗɈꝀŁMꞤØⱣꝖɌꞨŦɄꝞWXɎƵ")),
    ("Cherokee", |slur, _| alphabet(slur, "ᏗᏰcᎴᏋᎦᎶᏂᎥᏠᏦᏝᎷᏁᎧᎮqᏒᏕᏖᏬᏉᏇxᎩz")),
    ("Cherokee and Ethiopic", |slur, _| alphabet(slur, "ᏗᏰፈᎴᏋᎦᎶᏂᎥᏠᏦᏝᎷᏁᎧᎮᎤᏒᏕᏖᏬᏉᏇጀᎩፚ")),
    ("Canadian syllabics", |slur, _| alphabet(slur, "ᗩᗷᑕᗪEᖴGᕼIᒍKᒪᗰᑎOᑭᑫᖇᔕTᑌᐯᗯ᙭Yᘔ")),
    ("Thai and Hebrew", |slur, _| alphabet(slur, "ค๒ς๔єŦﻮђเןкɭ๓ภ๏קợгรՇยשฬאץչ")),
    ("CJK", |slur, _| alphabet(slur, "卂乃匚ᗪ乇千Ꮆ卄丨ﾌҜㄥ爪几ㄖ卩Ɋ尺丂ㄒㄩᐯ山乂ㄚ乙")),
    ("CJK and Kana", |slur, _| alphabet(slur, "丹日亡句ヨ乍呂廾工亅片し冊几回尸甲尺弓丁凵リ山メと乙")),
    ("Yi", |slur, _| alphabet(slur, "ꍏꌃꉓꀸꍟꎇꁅꃅꀤꀭꀘ꒒ꂵꈤꂦꉣꆰꋪꌗ꓄ꀎꃴꅏꊼꌩꁴ")),
    ("Armenian", |slur, _| alphabet(slur, "ąҍçժҽƒցհìʝҟӀʍղօքզɾʂէմѵա×վՀ")),
    ("currency", |slur, _| alphabet(slur, "₳฿₵ĐɆ₣₲ⱧłJ₭Ⱡ₥₦Ø₱QⱤ₴₮ɄV₩ӾɎⱫ")),
    ("phonetic", |slur, _| alphabet(slur, "ǟɮƈɖɛʄɢɦɨʝӄʟʍռօքզʀֆȶʊʋաӼʏʐ")),
    ("Greek and symbols", |slur, _| alphabet(slur, "αв¢∂єƒgнιנкℓмησρqяѕтυνωχуz")),
    ("Lisu", |slur, _| alphabet(slur, "ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑqꓣꓢꓔꓴꓦꓪꓫꓬꓜ")),
    ("Coptic", |slur, _| alphabet(slur, "ⲁⲃⲥⲇⲉϥⳓⲏⲓϳⲕⲗⲙⲛⲟⲣϭⲅⳝⲧⲩⲯⲱⲭyⲍ")),
    ("Old Italic", |slur, _| alphabet(slur, "𐌀𐌁𐌂𐌃𐌄𐌅Ᏽ𐋅𐌉Ꮭ𐌊𐌋𐌌𐌍Ꝋ𐌐𐌒𐌓𐌔𐌕𐌵ᕓᏔ𐋄𐌙Ɀ")),
    ("letters in parentheses", |slur, _| alphabet(slur, "⒜⒝⒞⒟⒠⒡⒢⒣⒤⒥⒦⒧⒨⒩⒪⒫⒬⒭⒮⒯⒰⒱⒲⒳⒴⒵")),
    ("one foreign letter", |slur, dice| {
        replaced(slur, dice, &[('a', "卂ค₳"), ('e', "乇єꍟ"), ('i', "丨เꀤ"), ('o', "ㄖ๏"), ('r', "尺г")], 0)
    }),
    ("shown from right to left", |slur, _| {
        Some(format!("\u{202e}{}\u{202c}", slur.chars().rev().collect::<String>()))
    }),
    ("a part shown from right to left", |slur, dice| {
        let at = 1 + dice.below(slur.len() - 2);
        let (start, end) = slur.split_at_checked(at)?;
        Some(format!("{start}\u{202e}{}\u{202c}", end.chars().rev().collect::<String>()))
    }),
    ("HTML, decimal", |slur, _| Some(each(slur, |c| format!("&#{};", u32::from(c))))),
    ("HTML, one letter", |slur, dice| {
        let at = dice.below(slur.len());
        let mut written = slur.to_owned();
        written.replace_range(at..=at, &format!("&#x{:x};", slur.as_bytes()[at]));
        Some(written)
    }),
    ("HTML, accents by name", |slur, dice| {
        let marked = replaced(slur, dice, &[('a', "à"), ('e', "é"), ('i', "î"), ('o', "ô"), ('u', "ù")], 60)?;
        let names =
            [("à", "&agrave;"), ("é", "&eacute;"), ("î", "&icirc;"), ("ô", "&ocirc;"), ("ù", "&ugrave;")];
        Some(names.iter().fold(marked, |text, (c, name)| text.replace(c, name)))
    }),
    ("Markdown emphasis", |slur, dice| {
        let slur = long(slur)?;
        let (start, end) = slur.split_at_checked(2 + dice.below(slur.len() - 3))?;
        Some(format!("{start}**{}**{}", &end[..1], &end[1..]))
    }),
    ("HTML, hexadecimal", |slur, _| Some(each(slur, |c| format!("&#x{:X};", u32::from(c))))),
    ("Markdown, struck out", |slur, dice| within(slur, dice, |c| format!("~~{c}~~"))),
    ("Markdown, label of a link", |slur, _| Some(format!("[{slur}](https://example.com/a)"))),
    ("Markdown, code", |slur, _| Some(format!("`{slur}`"))),
    ("Markdown link", |slur, dice| {
        let slur = long(slur)?;
        let (start, end) = slur.split_at_checked(2 + dice.below(slur.len() - 3))?;
        Some(format!("[{start}](https://example.com/a){end}"))
    }),
];

/// One letter inside of the word is written in another way.
fn within(slur: &str, dice: &mut Dice, written: impl Fn(&str) -> String) -> Option<String> {
    let slur = long(slur)?;
    let at = 1 + dice.below(slur.len() - 2);
    Some(format!("{}{}{}", &slur[..at], written(&slur[at..=at]), &slur[at + 1..]))
}

fn each(slur: &str, written: impl Fn(char) -> String) -> String {
    slur.chars().map(written).collect::<Vec<_>>().concat()
}

fn long(slur: &str) -> Option<&str> {
    (slur.len() >= 5).then_some(slur)
}

/// Where a sign for an `i` is one: inside the word.
fn inner(slur: &str) -> Option<&str> {
    (!slur.starts_with('i') && !slur.ends_with('i')).then_some(slur)
}

/// In another alphabet.
fn alphabet(slur: &str, alphabet: &str) -> Option<String> {
    let alphabet = letters(alphabet);
    assert_eq!(alphabet.len(), 26, "{alphabet:?}");
    slur.bytes().map(|letter| alphabet.get(usize::from(letter.checked_sub(b'a')?)).copied()).collect()
}

#[test]
fn each_kind_of_evasion_is_recognised() {
    let weak = weak_groups(GROUPS);
    assert!(weak.is_empty(), "recognised in less than 90%: {weak:?}");
}

#[test]
fn ordinary_words_in_the_same_clothes_pass() {
    let rules = RuleSet::starter();
    let words: Vec<String> = canary::texts()
        .take(3_000)
        .flat_map(str::split_whitespace)
        .map(str::to_lowercase)
        .filter(|word| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase()))
        .collect();
    for (name, evasion) in GROUPS {
        let mut dice = Dice(11);
        let disguised: Vec<String> =
            words.iter().step_by(7).filter_map(|word| evasion(word, &mut dice)).take(1_000).collect();
        let stopped: Vec<&String> =
            disguised.iter().filter(|word| rules.check(&format!("ok {word} ok")).stops()).collect();
        println!("{name:32} {} of {}", stopped.len(), disguised.len());
        assert!(stopped.len() * 200 <= disguised.len(), "{name}: {stopped:?}");
    }
}
