//! The slurs as a tree of letters, walked where the letters of a word are not side by side.

/// What ends at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The slur of this place in the list.
    Word(usize),
    /// Another word that people write with signs for letters.
    Other,
}

/// A tree of letters.
#[derive(Debug)]
pub(super) struct Trie {
    /// For each node, the node of each letter; zero where there is none.
    children: Vec<[u32; LETTERS]>,
    ends: Vec<Option<End>>,
}

const LETTERS: usize = 26;

impl Trie {
    /// Where every word begins.
    pub(super) const ROOT: u32 = 0;

    /// Adds a word of small Latin letters; the first to end at a node keeps it.
    pub(super) fn insert(&mut self, word: &str, end: End) {
        let mut node = Self::ROOT as usize;
        for byte in word.bytes().filter(u8::is_ascii_lowercase) {
            let letter = usize::from(byte - b'a');
            if self.children[node][letter] == 0 {
                self.children[node][letter] =
                    u32::try_from(self.children.len()).expect("lists have far fewer letters");
                self.children.push([0; LETTERS]);
                self.ends.push(None);
            }
            node = self.children[node][letter] as usize;
        }
        self.ends[node].get_or_insert(end);
    }

    /// The node of a small Latin letter below another.
    pub(super) fn child(&self, node: u32, letter: u8) -> Option<u32> {
        let child = self.children[node as usize][usize::from(letter - b'a')];
        (child != 0).then_some(child)
    }

    /// Every node below another.
    pub(super) fn children(&self, node: u32) -> impl Iterator<Item = u32> {
        self.children[node as usize].iter().copied().filter(|&child| child != 0)
    }

    /// What ends at a node.
    pub(super) fn end(&self, node: u32) -> Option<End> {
        self.ends[node as usize]
    }
}

impl Default for Trie {
    fn default() -> Self {
        Self { children: vec![[0; LETTERS]], ends: vec![None] }
    }
}
