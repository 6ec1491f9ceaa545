//! Reading a list of numbers: CSV in UTF-8 with or without a header, separated by comma, semicolon or tab.

use vio_domain::phone::{Country, parse};
use vio_store::calling::dnc_import::FileRow;

/// What a column of numbers is called, folded to its letters.
const PHONE: [&str; 8] = [
    "phone",
    "phonenumber",
    "telephone",
    "telephonenumber",
    "mobile",
    "mobilenumber",
    "number",
    "tel",
];
/// What a column of reasons is called.
const REASON: [&str; 3] = ["reason", "note", "comment"];

/// A file that cannot be read as rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Nothing in it.
    Empty,
    /// No column holds numbers.
    NoNumbers,
    /// Broken quotes, at this row.
    Broken(u64),
}

fn folded(cell: &str) -> String {
    cell.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Which columns are read.
struct Columns {
    phone: usize,
    reason: Option<usize>,
    header: bool,
}

impl Columns {
    fn of(first: &[String], country: Country) -> Option<Self> {
        let named = |names: &[&str]| {
            first
                .iter()
                .position(|cell| names.contains(&folded(cell).as_str()))
        };
        if let Some(phone) = named(&PHONE) {
            return Some(Self {
                phone,
                reason: named(&REASON),
                header: true,
            });
        }
        let phone = first
            .iter()
            .position(|cell| parse(cell, country).is_ok())
            .or_else(|| {
                // One column needs no name: whatever is wrong with its first cell is told with its row.
                (first.len() == 1).then_some(0)
            })?;
        Some(Self {
            phone,
            reason: None,
            header: false,
        })
    }
}

fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |c: char| first.matches(c).count();
    [(',', b','), (';', b';'), ('\t', b'\t')]
        .into_iter()
        .max_by_key(|(c, byte)| (count(*c), *byte == b','))
        .map_or(b',', |(_, byte)| byte)
}

/// Which line of a text a byte lies in, asked in order.
struct Lines<'a> {
    rest: &'a [u8],
    passed: u64,
    line: u64,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
            passed: 0,
            line: 1,
        }
    }

    /// The line of the record that begins at a byte, or after the line breaks that stand there.
    fn at(&mut self, byte: u64) -> u64 {
        while let [first, rest @ ..] = self.rest {
            if self.passed >= byte && !matches!(first, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*first == b'\n');
            self.passed += 1;
            self.rest = rest;
        }
        self.line
    }
}

/// The rows of a file, numbered from 1 by their lines. Empty ones are left out.
pub(crate) fn rows(text: &str, country: Country) -> Result<Vec<FileRow>, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut columns: Option<Columns> = None;
    let mut rows = Vec::new();
    let mut lines = Lines::of(text);
    for record in reader.records() {
        let record = record.map_err(|error| {
            Unreadable::Broken(lines.at(error.position().map_or(0, csv::Position::byte)))
        })?;
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let known = match &columns {
            Some(known) => known,
            None => {
                let found = Columns::of(&cells, country).ok_or(Unreadable::NoNumbers)?;
                let header = found.header;
                let known = columns.insert(found);
                if header {
                    continue;
                }
                known
            }
        };
        rows.push(FileRow {
            row: u32::try_from(line).unwrap_or(u32::MAX),
            phone: cells.get(known.phone).cloned().unwrap_or_default(),
            reason: known
                .reason
                .and_then(|at| cells.get(at))
                .filter(|cell| !cell.is_empty())
                .cloned(),
        });
    }
    if rows.is_empty() {
        return Err(Unreadable::Empty);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u32, String, Option<String>)> {
        rows(text, Country::GB)
            .unwrap()
            .into_iter()
            .map(|row| (row.row, row.phone, row.reason))
            .collect()
    }

    #[test]
    fn with_and_without_a_header() {
        let plain = [
            (1, "07911 123456".to_owned(), None),
            (2, "x".to_owned(), None),
        ];
        assert_eq!(read("07911 123456\nx\n"), plain);
        assert_eq!(read("\u{feff}07911 123456\r\nx"), plain);
        let named = [(2, "07911 123456".to_owned(), Some("asked".to_owned()))];
        assert_eq!(
            read("Name,Phone Number,Reason\nAda,07911 123456,asked\n\n"),
            named
        );
        assert_eq!(read("Reason;Tel.\nasked;07911 123456"), named);
        assert_eq!(read("Ada\t+44 7911 123456")[0].1, "+44 7911 123456");
        assert_eq!(read("phone\n\"07911\n123456\"\n07911 123457")[1].0, 4);
    }

    #[test]
    fn what_cannot_be_read() {
        for (text, why) in [
            ("", Unreadable::Empty),
            ("phone\n", Unreadable::Empty),
            ("name,city\nAda,London", Unreadable::NoNumbers),
        ] {
            assert_eq!(rows(text, Country::GB), Err(why), "{text:?}");
        }
    }

    proptest::proptest! {
        /// Quotes, separators and line breaks in any order are rows of the file or a refusal, and rows are in order.
        #[test]
        fn fuzzed_files_are_read_or_refused(
            pieces in proptest::collection::vec(
                proptest::sample::select(vec![
                    "\"", "\"\"", ",", ";", "\t", "\n", "\r\n", "\r", "\u{feff}", "phone", "reason", "07911 123456",
                    "+44 7911 123456", "é", "🎉", "\0", " ", "=1+1", "'",
                ]),
                0..120,
            ),
            other in ".{0,200}",
        ) {
            for text in [pieces.concat(), format!("phone,reason\n{}{other}", pieces.concat()), other] {
                if let Ok(found) = rows(&text, Country::GB) {
                    let lines: Vec<u32> = found.iter().map(|row| row.row).collect();
                    proptest::prop_assert!(lines.windows(2).all(|pair| pair[0] <= pair[1]), "{lines:?}");
                }
            }
        }
    }
}
