//! What is shown of a text whose bidirectional controls change the order of its characters.

use std::ops::Range;

use unicode_bidi::BidiInfo;

use super::Repair;
use crate::normalize::View;

/// The most bytes of a text whose order is looked at.
const MAX_BYTES: usize = 4096;

/// The parts of a view that are shown in another order than they are written in, each as it is shown.
pub(super) fn reordered(view: &View, original: &str) -> Vec<Repair> {
    if !has_controls(original) || original.len() > MAX_BYTES {
        return Vec::new();
    }
    let info = BidiInfo::new(original, None);
    info.paragraphs
        .iter()
        .filter_map(|paragraph| {
            let (levels, runs) = info.visual_runs(paragraph, paragraph.range.clone());
            let mut shown = String::new();
            for run in runs {
                let part = &original[run.clone()];
                if levels[run.start].is_rtl() {
                    shown.extend(part.chars().rev());
                } else {
                    shown.push_str(part);
                }
            }
            let written = within(view, &paragraph.range)?;
            let shown = View::skeleton(&shown);
            let (trimmed, before) = (shown.text().trim(), view.text()[written.clone()].trim());
            // Arabic and Hebrew are shown from right to left without any trick.
            (trimmed != before && trimmed.contains(|c: char| c.is_ascii_lowercase())).then(|| {
                let spans = view.spans();
                let span = spans[written.start].to(spans[written.end - 1]);
                Repair { at: written, letters: trimmed.chars().map(|c| (c, span)).collect(), near: false }
            })
        })
        .collect()
}

/// Whether a text has embeddings, overrides or isolates.
fn has_controls(text: &str) -> bool {
    !text.is_ascii()
        && memchr::memmem::find(text.as_bytes(), b"\xe2\x80").is_some()
            | memchr::memmem::find(text.as_bytes(), b"\xe2\x81").is_some()
        && text.contains(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

/// The bytes of a view that stand for a part of the original.
fn within(view: &View, part: &Range<usize>) -> Option<Range<usize>> {
    let start = view.spans().partition_point(|span| span.range().start < part.start);
    let end = view.spans().partition_point(|span| span.range().start < part.end);
    (start < end).then_some(start..end)
}
