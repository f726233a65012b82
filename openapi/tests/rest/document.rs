//! The published document is the one that the code makes.

use std::{env, fs, path::Path};

#[test]
fn the_committed_document_is_what_the_code_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = plic_openapi::spec();
    if env::var_os("PLIC_ACCEPT_SPEC").is_some() {
        fs::write(&path, &made).expect("the document can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differs = made.lines().zip(committed.lines()).position(|(made, committed)| made != committed);
    assert!(
        made == committed,
        "openapi/openapi.json is not what the code makes (first difference at line {}).\n\
         If the change is meant, accept it and commit the difference:\n\
         PLIC_ACCEPT_SPEC=1 cargo test -p plic-openapi the_committed_document",
        differs.map_or(committed.lines().count().min(made.lines().count()), |line| line) + 1
    );
}

#[test]
fn making_it_twice_gives_the_same_text() {
    assert_eq!(plic_openapi::spec(), plic_openapi::spec());
    assert!(plic_openapi::spec().ends_with("}\n"));
}

#[test]
fn the_largest_integer_is_documented_exactly() {
    let spec = plic_openapi::spec();
    assert!(spec.contains(r#""maximum": 9007199254740991"#));
    assert!(!spec.contains("9007199254740990"));
}
