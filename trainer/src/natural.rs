//! Messages written by hand, in blocks of one person or one conversation.
//!
//! A block begins with `== labels language kind :: the person :: what it is grounded in`; a message a line follows. A
//! line that starts with `~ ` is by the same person and shows no sign of its label when it is judged alone; one that
//! starts with `> ` is what the other person answers. `\n` is a line break, `#` at the start of a line a comment.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};

use crate::{
    corpus::{FOLDS, files},
    labels::Labels,
    random::hash,
};

/// What people wrote to each other, or what one person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// The name of its file without the ending and the number of its part: who wrote it.
    pub(crate) writer: String,
    pub(crate) labels: Labels,
    pub(crate) lang: String,
    /// The scheme or the situation.
    pub(crate) kind: String,
    pub(crate) lines: Vec<Line>,
}

impl Block {
    /// The fold of its messages. Ordinary ones go by writer, so that no writer's are judged by a model that has read others
    /// of theirs; the rest by scheme or situation.
    pub(crate) fn fold(&self) -> u64 {
        let of = if self.labels == Labels::NONE { &self.writer } else { &self.kind };
        hash(of) % FOLDS
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) speaker: Speaker,
}

/// Whose message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// The person whom the labels are about, in a message that shows why.
    Labelled,
    /// The same person, in a message that shows nothing by itself.
    Quiet,
    /// The other person.
    Other,
}

/// Reads every block of a folder.
pub(crate) fn blocks(folder: &Path) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    for path in files(folder, "txt")? {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let writer = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
        let file = fs::read_to_string(&path)?;
        blocks.extend(read(&file, writer).with_context(|| path.display().to_string())?);
    }
    Ok(blocks)
}

/// Reads every message of a folder, whoever says it.
pub(crate) fn texts(folder: &Path) -> Result<Vec<String>> {
    Ok(blocks(folder)?.into_iter().flat_map(|block| block.lines).map(|line| line.text).collect())
}

fn read(file: &str, writer: &str) -> Result<Vec<Block>> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in file.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if let Some(heading) = line.strip_prefix("== ") {
            let (words, _) = heading.split_once(" :: ").with_context(|| format!("no person: {line}"))?;
            let [labels, lang, kind] = *words.split(' ').collect::<Vec<_>>() else {
                bail!("not labels, language and kind: {line}");
            };
            blocks.push(Block {
                writer: writer.to_owned(),
                labels: labels.parse()?,
                lang: lang.to_owned(),
                kind: kind.to_owned(),
                lines: Vec::new(),
            });
            continue;
        }
        let block = blocks.last_mut().with_context(|| format!("no block: {line}"))?;
        let (speaker, text) = match (line.strip_prefix("~ "), line.strip_prefix("> ")) {
            (Some(text), _) => (Speaker::Quiet, text),
            (_, Some(text)) => (Speaker::Other, text),
            _ => (Speaker::Labelled, line),
        };
        block.lines.push(Line { text: text.replace(r"\n", "\n"), speaker });
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_blocks_of_messages() {
        let file = "# about\n== scam en key-deposit :: a clerk :: a report\n~ Hello\n> Hi\nPay\\nnow\n\n== none fr x :: y :: z\nOui\n";
        let blocks = read(file, "a").expect("it is well written");
        assert_eq!(blocks.len(), 2);
        let said: Vec<_> = blocks[0].lines.iter().map(|line| (line.speaker, &*line.text)).collect();
        assert_eq!(
            said,
            [(Speaker::Quiet, "Hello"), (Speaker::Other, "Hi"), (Speaker::Labelled, "Pay\nnow")]
        );
        assert_eq!((&*blocks[1].lang, blocks[1].labels), ("fr", Labels::NONE));
        assert!(read("Oui\n", "a").is_err() && read("== none fr\nOui\n", "a").is_err());
    }
}
