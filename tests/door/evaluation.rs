//! `plic-chat moderation eval`: how right rules are about labelled messages.

use std::path::Path;

use serde_json::json;

use crate::harness::{Ended, run};

const LABELLED: &str = "id,message,is bad,kind\r\n\
    1,a snark,yes,named\r\n\
    2,\"a snark, a \"\"snark\"\"\r\non two lines\",yes,named\r\n\
    3,an unnamed one,yes,hinted\r\n\
    4,hello,no,greeting\r\n\
    5,the snark museum,no,mention\r\n";

/// Judges a file with one rule, against one word.
async fn eval(folder: &Path, file: &str, text: &str, arguments: &[&str]) -> Ended {
    let rules = json!([{
        "name": "a word of the tests", "kind": "terms", "category": "other", "action": "hold", "state": "live",
        "terms": ["snark"],
    }]);
    std::fs::write(folder.join("rules.json"), rules.to_string()).expect("the file is written");
    std::fs::write(folder.join(file), text).expect("the file is written");
    let all = ["moderation", "eval", file, "--rules-file", "rules.json"];
    let all: Vec<&str> = all.into_iter().chain(arguments.iter().copied()).collect();
    run(folder, &all, &[]).await
}

const COLUMNS: [&str; 6] = ["--text-column", "message", "--label-column", "is bad", "--positive", "yes"];

/// A line with runs of spaces as one.
fn lines(ended: &Ended) -> Vec<String> {
    ended.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test]
async fn figures_are_printed_in_all_and_by_group() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments: Vec<&str> = COLUMNS.into_iter().chain(["--group-column", "kind"]).collect();
    let ended = eval(folder.path(), "labelled.csv", LABELLED, &arguments).await;
    assert!(ended.status.success(), "{ended:?}");
    let lines = lines(&ended);
    for line in [
        "labelled.csv: 5 messages, 3 of them to be stopped",
        "accuracy 60.0%",
        "F1, to be stopped 66.7%",
        "F1, to pass 50.0%",
        "macro-F1 58.3%",
        "recall 66.7%",
        "false-positive rate 50.000%",
        "to be stopped 2 1",
        "to pass 1 1",
        "to be stopped 1 0 0 0 2 0 0",
        "greeting 1 100.0% - 0.0%",
        "hinted 1 0.0% 0.0% -",
        "mention 1 0.0% - 100.0%",
        "named 2 100.0% 100.0% -",
    ] {
        assert!(lines.iter().any(|printed| printed == line), "{line} is not in {lines:#?}");
    }
}

#[tokio::test]
async fn what_counts_as_stopped_and_how_columns_are_separated_can_be_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let tabs = "message\tis bad\na \"snark\tyes\nhello\tno\n";
    let ended = eval(folder.path(), "labelled.tsv", tabs, &COLUMNS).await;
    assert!(lines(&ended).contains(&"macro-F1 100.0%".to_owned()), "{ended:?}");
    let stricter: Vec<&str> = COLUMNS.into_iter().chain(["--stopped-by", "reject"]).collect();
    let ended = eval(folder.path(), "labelled.tsv", tabs, &stricter).await;
    assert!(lines(&ended).contains(&"recall 0.0%".to_owned()), "{ended:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_measured_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, reason) in [
        ("text,label\na,b\n", "there is no column `message`, only `text`, `label`"),
        ("message,is bad\n", "there are no messages in it"),
        ("message,is bad\na,yes\nb\n", "record 2"),
    ] {
        let ended = eval(folder.path(), "labelled.csv", text, &COLUMNS).await;
        assert!(!ended.status.success() && ended.stderr.contains(reason), "{reason}: {ended:?}");
    }
    let ended = run(
        folder.path(),
        &[
            "moderation",
            "eval",
            "missing.csv",
            "--text-column",
            "a",
            "--label-column",
            "b",
            "--positive",
            "c",
        ],
        &[],
    )
    .await;
    assert!(!ended.status.success() && ended.stderr.contains("missing.csv"), "{ended:?}");
}
