//! What is left for the database, and a reserve for when it is full.
//!
//! The write-ahead log can be begun anew only after it was copied into the database, which may have to grow for it: on a
//! full volume neither can be written. A file beside the database keeps some space for that moment. What is left of it
//! afterwards is for deletions and for moderators; messages wait until there is room, and the file is made again.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{FallocateFlags, fallocate};

use super::{
    open::with_suffix,
    volume::{SLACK, SMALLEST_VOLUME, Volume},
};

/// How often a full volume is asked whether there is room again.
const LOOK: Duration = Duration::from_millis(500);

/// The space of a database.
#[derive(Debug)]
pub(super) struct Space {
    database: PathBuf,
    /// The bytes of the reserve.
    held: u64,
    /// Whether messages wait for room.
    is_full: bool,
    looked_at: Option<Instant>,
    /// Whether the file system cannot keep space for a file.
    is_unsupported: bool,
}

impl Space {
    /// Looks at the space of the database at this path. On a volume that has next to nothing left the reserve is freed at
    /// once: a database cannot be opened without some.
    pub(super) fn of(database: &Path) -> Self {
        let held = reserve_of(database).metadata().map_or(0, |file| file.len());
        let mut space =
            Self { database: database.into(), held, is_full: false, looked_at: None, is_unsupported: false };
        let Some(volume) = space.volume() else { return space };
        if volume.total < SMALLEST_VOLUME {
            tracing::warn!(
                bytes = volume.total,
                smallest = SMALLEST_VOLUME,
                "the volume of the database is smaller than what is supported"
            );
        }
        if volume.available < SLACK {
            space.spend_reserve();
        }
        space
    }

    /// Makes the reserve of a database that was opened, and decides whether messages wait for room, counting so many bytes
    /// of free pages in the database. A restart knows nothing of a volume that was full before: without a whole reserve,
    /// the same room is asked for as after it was full.
    pub(super) fn begin(&mut self, free_pages: u64) {
        self.refill();
        let Some(volume) = self.volume() else { return };
        self.is_full = false;
        if self.held < volume.reserve() && !volume.has_room(self.held, free_pages) {
            self.filled_up();
        }
    }

    /// Returns whether messages wait for room.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Has messages wait for room.
    pub(super) fn filled_up(&mut self) {
        // Where the volume is not known, only another attempt can tell.
        if !self.is_full && self.volume().is_some() {
            self.is_full = true;
            plic_pipeline::log_limited!(
                ERROR,
                "the volume of the database is full: messages are refused until there is room"
            );
        }
    }

    /// Returns whether it is time to look for room again.
    pub(super) fn begins_look(&mut self) -> bool {
        let now = Instant::now();
        let begins = self.looked_at.is_none_or(|at| now.saturating_duration_since(at) >= LOOK);
        if begins {
            self.looked_at = Some(now);
        }
        begins
    }

    /// Lets messages through again where there is room, counting so many bytes of free pages in the database.
    pub(super) fn look(&mut self, free_pages: u64) {
        if self.volume().is_none_or(|volume| volume.has_room(self.held, free_pages)) {
            self.is_full = false;
            plic_pipeline::log_limited!(INFO, "the volume of the database has room again");
            self.refill();
        }
    }

    /// Frees the reserve, which keeps messages from taking it; returns whether there was one.
    pub(super) fn spend_reserve(&mut self) -> bool {
        if self.held == 0 {
            return false;
        }
        match fs::remove_file(reserve_of(&self.database)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                plic_pipeline::log_limited!(WARN, error: &error, "could not free the reserve of the database");
                false
            }
            freed => {
                self.held = 0;
                self.filled_up();
                freed.is_ok()
            }
        }
    }

    /// Makes the reserve again, or larger, where that leaves some space beside it; returns whether there is one.
    pub(super) fn refill(&mut self) -> bool {
        let affordable = self.volume().and_then(|volume| volume.affordable_reserve(self.held));
        if let Some(size) = affordable.filter(|size| *size > self.held && !self.is_unsupported) {
            self.grow(size);
        }
        self.held > 0
    }

    fn grow(&mut self, size: u64) {
        let reserve = reserve_of(&self.database);
        match allocate(&reserve, size) {
            Ok(()) => self.held = size,
            Err(error) => {
                self.is_unsupported = error.kind() == io::ErrorKind::Unsupported;
                // An allocation that stops half-way may leave a longer file than before: it is there to be spent.
                self.held = reserve.metadata().map_or(0, |file| file.len());
                if self.held == 0
                    && let Err(error) = fs::remove_file(&reserve)
                    && error.kind() != io::ErrorKind::NotFound
                {
                    tracing::debug!(%error, "could not remove an empty reserve");
                }
                plic_pipeline::log_limited!(WARN, error: &error, "could not make a reserve for the database");
            }
        }
    }

    /// Makes the reserve again after it was spent on copying the log. Messages that did not wait before go on while half of
    /// it is there: the rest of the volume is for moderators.
    pub(super) fn refill_after_copy(&mut self, was_full: bool) {
        self.refill();
        let half = self.volume().map_or(0, |volume| volume.reserve() / 2);
        if !was_full && self.held >= half {
            self.is_full = false;
        }
    }

    /// Makes the reserve larger where there is plenty of room.
    pub(super) fn refill_in_passing(&mut self) {
        if self.volume().is_some_and(|volume| self.held < volume.reserve() && volume.has_room(self.held, 0)) {
            self.refill();
        }
    }

    /// Returns how many bytes the write-ahead log may have before it is copied back.
    pub(super) fn log_limit(&self) -> Option<u64> {
        let log = with_suffix(&self.database, "-wal").metadata().map_or(0, |file| file.len());
        self.volume().map(|volume| volume.log_limit(log))
    }

    fn volume(&self) -> Option<Volume> {
        Volume::of(&self.database)
    }
}

fn reserve_of(database: &Path) -> PathBuf {
    with_suffix(database, "-reserve")
}

fn allocate(path: &Path, size: u64) -> io::Result<()> {
    let file: File = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    Ok(fallocate(&file, FallocateFlags::empty(), 0, size)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allocation_that_stops_half_way_leaves_a_reserve_that_can_be_spent() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("chat.db");
        std::fs::write(&database, "").expect("a file");
        let mut space = Space::of(&database);
        // What no file can be as long as; a half of it is there.
        let too_much = i64::MAX as u64;
        std::fs::write(reserve_of(&database), [0; 4096]).expect("a file");
        space.grow(too_much);
        assert_eq!(space.held, 4096);
        assert!(space.spend_reserve() && !reserve_of(&database).exists());
        space.grow(too_much);
        assert!(space.held == 0 && !reserve_of(&database).exists(), "an empty one is removed");
    }

    #[test]
    fn a_reserve_is_made_and_freed_and_keeps_messages_waiting_until_there_is_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("chat.db");
        std::fs::write(&database, "").expect("a file");
        let mut space = Space::of(&database);
        assert!(space.refill() && space.held > 0);
        assert_eq!(reserve_of(&database).metadata().expect("it is there").len(), space.held);
        assert_eq!(Space::of(&database).held, space.held, "a restart knows it");
        assert!(space.spend_reserve() && space.is_full());
        assert!(!reserve_of(&database).exists() && !space.spend_reserve());
        assert!(space.begins_look() && !space.begins_look());
        space.look(0);
        assert!(!space.is_full() && space.held > 0, "the volume of the tests has room");
    }
}
