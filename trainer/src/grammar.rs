//! Sentences out of templates: hate and what merely looks like it, in as many wordings as wanted.
//!
//! `# ...` is a comment. `$name = a | b` names alternatives; a line that starts with `|` continues them.
//! `== <labels> <function>` starts a block, every other line is a template: `$name` is one of the list's entries,
//! `{a|b|}` one of the alternatives, and `$name#1` the same entry each time.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};

use crate::{labels::Labels, random::Random};

/// Lists within lists, and no deeper.
const MAX_DEPTH: usize = 6;

type Lists = BTreeMap<String, Vec<String>>;

/// Templates of several files. A file's own lists come first; then those of the files before it.
#[derive(Default)]
pub(crate) struct Grammar {
    /// The lists that each file knows.
    files: Vec<Lists>,
    pub(crate) templates: Vec<Template>,
}

/// One line of a block.
pub(crate) struct Template {
    pub(crate) labels: Labels,
    /// What the block shows.
    pub(crate) function: String,
    pub(crate) line: String,
    file: usize,
}

impl Grammar {
    /// Reads one more file; its lists replace those of the same name from here on.
    pub(crate) fn read(&mut self, file: &str) -> Result<()> {
        let mut lists = self.files.last().cloned().unwrap_or_default();
        let mut block: Option<(Labels, String)> = None;
        let mut list: Option<String> = None;
        for (at, line) in file.lines().enumerate() {
            let line = line.trim();
            let place = || format!("line {}: {line}", at + 1);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(head) = line.strip_prefix("==") {
                let (labels, function) = head.trim().split_once(' ').with_context(place)?;
                block = Some((labels.parse().with_context(place)?, function.trim().to_owned()));
                list = None;
            } else if let Some((name, line)) = definition(line) {
                lists.insert(name.to_owned(), entries(line).collect());
                list = Some(name.to_owned());
            } else if let (Some(name), Some(line)) = (&list, line.strip_prefix('|')) {
                lists.entry(name.clone()).or_default().extend(entries(line));
            } else {
                list = None;
                let Some((labels, function)) = &block else { bail!("{}: not in a block", place()) };
                self.templates.push(Template {
                    labels: *labels,
                    function: function.clone(),
                    line: line.to_owned(),
                    file: self.files.len(),
                });
            }
        }
        self.files.push(lists);
        Ok(())
    }

    /// Up to `count` different sentences of a template.
    pub(crate) fn draw(
        &self,
        template: &Template,
        count: usize,
        random: &mut Random,
    ) -> Result<BTreeSet<String>> {
        let mut drawn = BTreeSet::new();
        for _ in 0..count * 2 {
            if drawn.len() == count {
                break;
            }
            let mut same = BTreeMap::new();
            let text = expand(&template.line, &self.files[template.file], random, &mut same, 0)?;
            drawn.insert(tidy(&text));
        }
        Ok(drawn)
    }
}

fn expand(
    line: &str,
    lists: &Lists,
    random: &mut Random,
    same: &mut BTreeMap<String, String>,
    depth: usize,
) -> Result<String> {
    if depth > MAX_DEPTH {
        bail!("lists name each other: {line}");
    }
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['{', '$']) {
        text.push_str(&rest[..at]);
        if let Some(inner) = rest[at..].strip_prefix('{') {
            let end = closing(inner).with_context(|| format!("no end: {line}"))?;
            let alternatives = split(&inner[..end]);
            text.push_str(&expand(random.pick(&alternatives), lists, random, same, depth + 1)?);
            rest = &inner[end + 1..];
            continue;
        }
        let inner = &rest[at + 1..];
        let name_end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        let name = &inner[..name_end];
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) && !lists.contains_key(name) {
            // A price in dollars.
            text.push('$');
            rest = inner;
            continue;
        }
        let number = inner[name_end..].strip_prefix('#').map_or("", |number| {
            &number[..number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len())]
        });
        let end = name_end + if number.is_empty() { 0 } else { number.len() + 1 };
        let key = &inner[..end];
        let entry = match same.get(key) {
            Some(entry) if !number.is_empty() => entry.clone(),
            _ => {
                let list = lists
                    .get(name)
                    .filter(|list| !list.is_empty())
                    .with_context(|| format!("no list ${name}: {line}"))?;
                let entry = expand(random.pick(list), lists, random, same, depth + 1)?;
                same.insert(key.to_owned(), entry.clone());
                entry
            }
        };
        text.push_str(&entry);
        rest = &inner[end..];
    }
    text.push_str(rest);
    Ok(text)
}

fn definition(line: &str) -> Option<(&str, &str)> {
    let (name, entries) = line.strip_prefix('$')?.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, entries))
}

/// Where the brace ends that was opened before this.
fn closing(inner: &str) -> Option<usize> {
    let mut depth = 1_usize;
    for (at, c) in inner.char_indices() {
        depth = match c {
            '{' => depth + 1,
            '}' => depth - 1,
            _ => depth,
        };
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The alternatives that bars part, spaces and all.
fn split(entries: &str) -> Vec<String> {
    // An alternative in braces holds bars that part no entries.
    let mut list = vec![String::new()];
    let mut depth = 0_usize;
    for c in entries.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match (c, list.last_mut()) {
            ('|', _) if depth == 0 => list.push(String::new()),
            (c, Some(entry)) => entry.push(c),
            _ => {}
        }
    }
    list
}

/// The entries of a list: none is empty.
fn entries(line: &str) -> impl Iterator<Item = String> {
    let entries = split(line).into_iter().map(|entry| entry.trim().to_owned());
    entries.filter(|entry| !entry.is_empty())
}

/// An empty alternative leaves no double space behind.
fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_drawn_from_lists_and_alternatives() {
        let mut grammar = Grammar::default();
        let file = "# about\n$who = cats | dogs\n| {big|small} birds\n\n== none liking\nI {really|} like $who#1, $who#1!\n== hate,threat x\nPay $100 to $who\n";
        grammar.read(file).expect("it is well written");
        let mut random = Random::seeded(1);
        let drawn = grammar.draw(&grammar.templates[0], 100, &mut random).expect("it is well written");
        assert_eq!(drawn.len(), 8, "{drawn:?}");
        assert!(drawn.contains("I like cats, cats!"));
        assert!(drawn.contains("I really like big birds, big birds!"));
        let drawn = grammar.draw(&grammar.templates[1], 1, &mut random).expect("it is well written");
        assert!(drawn.first().expect("it is well written").starts_with("Pay $100 to "));
        assert!(grammar.templates[1].labels.has(plic_filter::Head::Threat));
    }

    #[test]
    fn a_name_without_a_list_is_a_mistake() {
        let mut grammar = Grammar::default();
        grammar.read("== none x\nI see $nobody\n").expect("it is well written");
        assert!(grammar.draw(&grammar.templates[0], 1, &mut Random::seeded(1)).is_err());
        assert!(grammar.read("== nonsense x\n").is_err());
    }
}
