//! Reading of input files: regular files of limited size, and foreign text made fit for a terminal.

use std::borrow::Cow;
use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::Path;

/// The largest size of a configuration file, bytes.
pub const MOST_CONFIG_BYTES: u64 = 16 << 20;

/// The largest size of a file of time series or weather, bytes.
pub const MOST_SERIES_BYTES: u64 = 128 << 20;

/// The largest number of characters of a foreign text that a message repeats.
pub const MOST_SHOWN: usize = 80;

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] for what is no regular file (a folder, a pipe, a device), which could be without an
/// end, and for a file that is larger; any error of the operating system.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // The type is asked first: to open a pipe would wait for somebody to write to it.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        let kind = kind_of(metadata.file_type());
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{kind} and no regular file")));
    }
    let too_large = |bytes: u64| {
        let message = format!("{:.1} MiB; a file of this kind may have {} MiB", mebibytes(bytes), most >> 20);
        io::Error::new(io::ErrorKind::InvalidData, message)
    };
    if metadata.len() > most {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // Files of /proc have no size, and others may grow.
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 {
        length if length > most => Err(too_large(length)),
        _ => Ok(bytes),
    }
}

#[expect(clippy::cast_precision_loss, reason = "for a message")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(unix)]
fn kind_of(file: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match () {
        () if file.is_dir() => "a folder",
        () if file.is_fifo() => "a pipe",
        () if file.is_char_device() || file.is_block_device() => "a device",
        () if file.is_socket() => "a socket",
        () => "something else",
    }
}

#[cfg(not(unix))]
fn kind_of(file: FileType) -> &'static str {
    if file.is_dir() { "a folder" } else { "something else" }
}

/// Returns a text in which a terminal finds nothing to obey: control characters, and those that change the direction
/// of writing, are written as `\u{1b}`; ends of lines and tabs stay.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_command) {
        return Cow::Borrowed(text);
    }
    let mut printable = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match is_command(character) {
            true => printable.extend(character.escape_unicode()),
            false => printable.push(character),
        }
    }
    Cow::Owned(printable)
}

/// Returns a text as [`printable`] does, but with placeholders of as many bytes, so that positions stay.
#[must_use]
pub fn printable_in_place(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_command) {
        return Cow::Borrowed(text);
    }
    let mut printable = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let ends_line = character == '\r' && characters.peek() == Some(&'\n');
        printable.push(match character.len_utf8() {
            _ if ends_line || !is_command(character) => character,
            1 => '?',
            2 => '\u{b7}',
            _ => '\u{fffd}',
        });
    }
    Cow::Owned(printable)
}

/// Returns whether a character is a command to a terminal, and no text.
fn is_command(character: char) -> bool {
    let directs = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    directs || character.is_control() && !matches!(character, '\n' | '\t')
}

/// Returns at most [`MOST_SHOWN`] characters of a text, with `..` where it was cut.
#[must_use]
pub fn beginning(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}..", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_regular_files_of_limited_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, [b'x'; 100]).unwrap();
        assert_eq!(read(&path, 100).unwrap().len(), 100);
        let message = read(&path, 99).unwrap_err().to_string();
        assert!(message.contains("MiB"), "{message}");
        assert!(read(folder.path(), 100).unwrap_err().to_string().starts_with("a folder"));
        assert_eq!(read(&folder.path().join("b.csv"), 100).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_devices_are_refused_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.csv");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        assert!(read(&pipe, 100).unwrap_err().to_string().starts_with("a pipe"));
        assert!(read(Path::new("/dev/zero"), 100).unwrap_err().to_string().starts_with("a device"));
    }

    #[test]
    fn a_terminal_finds_nothing_to_obey() {
        assert_eq!(printable("a\u{1b}[31m\r\u{7}\u{9b}\u{202e}\tb\n"), "a\\u{1b}[31m\\u{d}\\u{7}\\u{9b}\\u{202e}\tb\n");
        assert!(matches!(printable("Straße 5 °C\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(beginning("ü"), "ü");
        assert_eq!(beginning(&"ü".repeat(MOST_SHOWN + 1)), "ü".repeat(MOST_SHOWN) + "..");
    }

    proptest! {
        #[test]
        fn printable_text_has_no_controls(text in "\\PC*|[\\x00-\\x9f]{0,40}") {
            prop_assert!(!printable(&text).contains(is_command));
            let in_place = printable_in_place(&text);
            prop_assert!(!in_place.replace("\r\n", "").contains(is_command) && in_place.len() == text.len());
            prop_assert!(text.char_indices().all(|(at, _)| in_place.is_char_boundary(at)));
        }
    }
}
