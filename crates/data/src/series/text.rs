//! The text of a CSV file, from its bytes.

use std::path::Path;

use super::SeriesError;

/// Decodes the bytes of a CSV file: UTF-8, with or without a byte-order mark, or UTF-16 with one.
///
/// # Errors
/// [`SeriesError::NoText`] for any other file, with the reason and an advice: a workbook of a spreadsheet, UTF-16
/// without a byte-order mark, another encoding, a binary file.
pub(super) fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, SeriesError> {
    let wrong =
        |line: Option<usize>, reason: &'static str| Err(SeriesError::NoText { path: path.to_owned(), line, reason });
    match bytes.as_slice() {
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            return wrong(None, "is a workbook of a spreadsheet; save its sheet as a CSV file in UTF-8");
        }
        [0xff, 0xfe, rest @ ..] => return utf16(path, rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return utf16(path, rest, u16::from_be_bytes),
        _ => {}
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let (valid, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
            if bytes.contains(&0) {
                return wrong(None, BINARY);
            }
            let line = 1 + bytes[..valid].iter().filter(|&&byte| byte == b'\n').count();
            return wrong(Some(line), OTHER_ENCODING);
        }
    };
    if text.contains('\0') {
        return wrong(None, BINARY);
    }
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

const BINARY: &str = "is no text, or UTF-16 without a byte-order mark; save it as a CSV file in UTF-8";
const OTHER_ENCODING: &str = "is not in UTF-8 (Latin-1 or Windows-1252?); save it as a CSV file in UTF-8, or convert \
                              it: `iconv -f WINDOWS-1252 -t UTF-8 OLD.csv > NEW.csv`";

fn utf16(path: &Path, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, SeriesError> {
    let units = bytes.chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or(0)]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let damaged = "begins as UTF-16 and is not; save it as a CSV file in UTF-8";
    text.map_err(|_| SeriesError::NoText { path: path.to_owned(), line: None, reason: damaged })
}

/// Returns the character between the cells: the first comma, semicolon or tab of the first row of data, since a time
/// stamp has none of them.
pub(super) fn separator(text: &str) -> u8 {
    let row = text.lines().skip(1).find(|line| !line.trim().is_empty()).unwrap_or_default();
    let Some(at) = row.find([',', ';', '\t']) else { return b',' };
    // Spaces and tabs may stand before a comma.
    match row[at..].trim_start_matches(['\t', ' ']).bytes().next() {
        Some(other @ (b',' | b';')) => other,
        _ => row.as_bytes()[at],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Result<String, String> {
        decode(Path::new("a.csv"), bytes.to_vec()).map_err(|error| error.to_string())
    }

    #[test]
    fn byte_order_marks_say_the_encoding() {
        let text = "t,Wärme\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(units.iter().flat_map(|unit| unit.to_le_bytes())).collect();
        let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(units.iter().flat_map(|unit| unit.to_be_bytes())).collect();
        for bytes in [text.as_bytes(), "\u{feff}t,Wärme\n".as_bytes(), &little, &big] {
            assert_eq!(decoded(bytes).unwrap(), text);
        }
        assert!(decoded(&little[2..]).unwrap_err().contains("UTF-16 without a byte-order mark"));
        assert!(decoded(&[0xff, 0xfe, 0x00, 0xd8]).unwrap_err().contains("begins as UTF-16"));
    }

    #[test]
    fn other_files_are_refused_with_advice() {
        let latin = decoded(b"t,a\n2019-01-01,1\nW\xe4rme,2\n").unwrap_err();
        assert!(latin.starts_with("a.csv:3: ") && latin.contains("iconv"), "{latin}");
        for (bytes, advice) in [(&b"PK\x03\x04..."[..], "save its sheet"), (b"\xd0\xcf\x11\xe0", "save its sheet")] {
            assert!(decoded(bytes).unwrap_err().contains(advice));
        }
        assert!(decoded(b"\x7fELF\x02\0\0\xff").unwrap_err().contains("is no text"));
        assert!(decoded(b"a\0b").unwrap_err().contains("is no text"));
    }

    #[test]
    fn the_separator_follows_the_first_stamp() {
        for (text, expected) in [
            ("t,a;b\n2019-01-01 00:00,1\n", b','),
            ("t;a, kW\n\n2019-01-01 00:00;1,5\n", b';'),
            ("t\ta\n2019-01-01\t1,5\n", b'\t'),
            ("t,a\n2019-01-01\t , 1\n", b','),
            ("t,a\n", b','),
            ("", b','),
        ] {
            assert_eq!(separator(text), expected, "{text:?}");
        }
    }
}
