//! Wall clocks that are off: `libfaketime` before a program that reads the clock through the C library.

use std::path::PathBuf;

/// The environment of a process whose wall clock is this many seconds ahead, or behind where it is negative. Its monotonic
/// clock, by which it waits, is left alone.
pub fn clock_ahead(seconds: i64) -> [(&'static str, String); 3] {
    [
        ("LD_PRELOAD", library().display().to_string()),
        ("FAKETIME", format!("{seconds:+}")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}

/// The library for programs of several threads, where Debian has it for this machine.
fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("/usr/lib can be read").flatten();
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    libraries.find(|library| library.is_file()).expect("faketime is not installed")
}
