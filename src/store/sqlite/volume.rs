//! The volume that holds the database: how large it is, what is left of it, and what follows for the database's files.

use std::path::Path;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// The smallest volume that is supported; on a smaller one the server warns at start.
pub(super) const SMALLEST_VOLUME: u64 = 32 * MIB;
/// What is left beside the reserve when that is made.
pub(super) const SLACK: u64 = 512 * KIB;
/// The smallest reserve that is worth a file.
pub(super) const SMALLEST_RESERVE: u64 = 256 * KIB;

/// The bytes of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Volume {
    pub(super) total: u64,
    /// Left for who is not root.
    pub(super) available: u64,
}

impl Volume {
    /// Returns the volume of a file or folder, where the system says it.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let found = rustix::fs::statvfs(path).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(Self { total: bytes(found.f_blocks), available: bytes(found.f_bavail) })
            .filter(|volume| volume.total > 0)
    }

    /// Returns the size of the reserve: a sixteenth of the volume, from 1 to 16 MiB.
    pub(super) fn reserve(self) -> u64 {
        (self.total / 16).clamp(MIB, 16 * MIB)
    }

    /// Returns how long the write-ahead log may grow before it is copied back: a sixteenth of what is left with the log
    /// begun anew, from 1 to 64 MiB.
    pub(super) fn log_limit(self, log: u64) -> u64 {
        (self.available.saturating_add(log) / 16).clamp(MIB, 64 * MIB)
    }

    /// Returns the reserve that fits beside `held` bytes of it, or nothing where it is too small.
    pub(super) fn affordable_reserve(self, held: u64) -> Option<u64> {
        let size = self.reserve().min(self.available.saturating_add(held).saturating_sub(SLACK));
        Some(size).filter(|size| *size >= SMALLEST_RESERVE)
    }

    /// Returns whether messages may be stored after the volume was full: what is left, the reserve and the free pages of
    /// the database are twice the reserve together.
    pub(super) fn has_room(self, held: u64, free_pages: u64) -> bool {
        self.available.saturating_add(held).saturating_add(free_pages) >= 2 * self.reserve()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn volume(total: u64, available: u64) -> Volume {
        Volume { total: total * MIB, available: available * MIB }
    }

    #[test]
    fn a_log_on_a_small_volume_is_copied_back_early() {
        assert_eq!(volume(32, 30).log_limit(2 * MIB), 2 * MIB);
        assert_eq!(volume(32, 0).log_limit(0), MIB);
        assert_eq!(volume(512, 500).log_limit(12 * MIB), 32 * MIB);
        assert_eq!(volume(100_000, 90_000).log_limit(0), 64 * MIB);
        assert_eq!(volume(100_000, 20).log_limit(0), 20 * MIB / 16);
    }

    #[test]
    fn a_reserve_is_never_the_last_space() {
        assert_eq!(volume(32, 30).affordable_reserve(0), Some(2 * MIB));
        assert_eq!(volume(32, 2).affordable_reserve(0), Some(2 * MIB - SLACK));
        assert_eq!(volume(32, 0).affordable_reserve(MIB), Some(MIB - SLACK));
        assert_eq!(volume(32, 0).affordable_reserve(0), None);
        assert_eq!(volume(100_000, 90_000).affordable_reserve(0), Some(16 * MIB));
    }

    #[test]
    fn a_full_volume_has_room_again_once_twice_the_reserve_is_free() {
        assert!(!volume(32, 0).has_room(2 * MIB, 0));
        assert!(!volume(32, 1).has_room(2 * MIB, 0));
        assert!(volume(32, 2).has_room(2 * MIB, 0), "space was freed");
        assert!(volume(32, 0).has_room(2 * MIB, 2 * MIB), "rows were deleted");
        assert!(volume(32, 2).has_room(0, 2 * MIB), "with the reserve spent on it");
    }

    #[test]
    fn a_folder_has_a_volume_and_what_is_not_there_has_none() {
        let volume = Volume::of(Path::new(".")).expect("the system says it");
        assert!(volume.available <= volume.total);
        assert_eq!(Volume::of(Path::new("/nowhere/at/all")), None);
    }
}
