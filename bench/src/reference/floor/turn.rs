//! What was said in a room within one turn of the event loop, rendered once and joined.

use super::wire::{self, Frame, Opcode};

/// What a sender gets for each of its frames: an unmasked text frame `ok`.
const OK: &[u8] = &[wire::WHOLE | Opcode::Text as u8, 2, b'o', b'k'];

#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) room: u32,
    bytes: Vec<u8>,
    /// Who said a frame, and where it ends in `bytes`.
    frames: Vec<(u32, usize)>,
}

impl Turn {
    pub(super) fn add(&mut self, sender: u32, frame: &Frame<'_>) {
        frame.render(Opcode::Text, &mut self.bytes);
        self.frames.push((sender, self.bytes.len()));
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Makes `view` what a sender gets: the others' frames, and `ok` in the place of each of its own.
    pub(super) fn seen_by(&self, sender: u32, view: &mut Vec<u8>) {
        view.clear();
        let mut begin = 0;
        let mut unseen = 0;
        for &(who, end) in &self.frames {
            if who == sender {
                view.extend_from_slice(&self.bytes[unseen..begin]);
                view.extend_from_slice(OK);
                unseen = end;
            }
            begin = end;
        }
        view.extend_from_slice(&self.bytes[unseen..]);
    }

    /// Empties it and keeps its buffers.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
    }
}
