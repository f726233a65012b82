//! Which heads a text is positive for.

use std::{fmt, str::FromStr};

use anyhow::bail;
use plic_filter::Head;

/// A set of heads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Labels(u8);

impl Labels {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ALL: Self = Self(0b11_1111);

    pub(crate) const fn only(head: Head) -> Self {
        Self(1 << head as u8)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the heads that a text is known to be positive or negative for, given those that its writer marked: who
    /// marked hate, a threat or an advance did not say whether it is harassment as well.
    pub(crate) fn settles(self) -> Self {
        let may_harass = [Head::Hate, Head::Threat, Head::Sexual].into_iter().any(|head| self.has(head));
        if may_harass && !self.has(Head::Harassment) {
            Self::ALL.without(Head::Harassment)
        } else {
            Self::ALL
        }
    }

    /// The same for texts that were marked before there was the head for advances.
    pub(crate) fn settles_without_sexual(self) -> Self {
        if self == Self::NONE { Self::ALL } else { self.settles().without(Head::Sexual) }
    }

    const fn without(self, head: Head) -> Self {
        Self(self.0 & !Self::only(head).0)
    }

    /// The set as bits, the first head's the lowest.
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn has(self, head: Head) -> bool {
        self.0 & 1 << head as u8 != 0
    }
}

impl FromStr for Labels {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut labels = Self::NONE;
        for name in text.split(',').map(str::trim).filter(|&name| name != "none") {
            let Some(head) = Head::ALL.into_iter().find(|head| head.name() == name) else {
                bail!("no head is called {name}")
            };
            labels = labels.and(Self::only(head));
        }
        Ok(labels)
    }
}

/// `none`, or the names of the heads.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Head::ALL.into_iter().filter(|&head| self.has(head)).map(Head::name).collect();
        if names.is_empty() { f.write_str("none") } else { f.write_str(&names.join(",")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_none_or_heads() {
        assert_eq!("none".parse::<Labels>().expect("it is well written"), Labels::NONE);
        let labels: Labels = "hate,scam".parse().expect("it is well written");
        assert!(labels.has(Head::Hate) && labels.has(Head::Scam) && !labels.has(Head::Threat));
        assert!("spam".parse::<Labels>().is_err());
    }
}
