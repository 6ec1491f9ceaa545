//! Looks through bytes for canaries in every form, and into everything that decompresses, wherever in a file it lies.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

use crate::forms::{Compare, Form, date_forms, forms, phone_forms};

/// How deep compressed things may lie in one another.
const DEEPEST: usize = 3;
/// What is inflated of one stream at most.
const LARGEST_INFLATED: u64 = 32 * 1024 * 1024;
/// An inflated stream shorter than this holds no canary.
const SHORTEST: usize = 8;
/// Bytes shown on either side of a finding.
const CONTEXT: usize = 60;

/// Where a canary was found.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) place: String,
    pub(crate) offset: usize,
    pub(crate) canary: String,
    pub(crate) form: &'static str,
    pub(crate) context: String,
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            offset,
            canary,
            form,
            context,
        } = self;
        write!(f, "{place} at {offset}: {canary} as {form}: {context}")
    }
}

/// A form of a canary, ready to be compared.
struct Needle {
    canary: String,
    form: Form,
}

/// Looks for everything at once.
#[derive(Default)]
pub(crate) struct Search {
    needles: Vec<Needle>,
    /// Needles by their first two bytes.
    starts: Vec<Vec<usize>>,
    files: usize,
    bytes: usize,
    inside: usize,
    findings: Vec<Finding>,
}

fn index(pair: [u8; 2]) -> usize {
    usize::from(u16::from_be_bytes(pair))
}

impl Search {
    /// For canaries of text, numbers in E.164 and dates.
    pub(crate) fn new(texts: &[&str], phones: &[&str], dates: &[chrono::NaiveDate]) -> Self {
        let mut search = Self {
            starts: vec![Vec::new(); 1 << 16],
            ..Self::default()
        };
        for text in texts {
            search.add(text, forms(text));
        }
        for phone in phones {
            search.add(phone, phone_forms(phone));
        }
        for date in dates {
            search.add(&date.to_string(), date_forms(*date));
        }
        search
    }

    fn add(&mut self, canary: &str, forms: Vec<Form>) {
        for form in forms {
            let [first, second] = [form.bytes[0], form.bytes[1]];
            let mut pairs = vec![[first, second]];
            match form.compare {
                Compare::Exactly => {}
                Compare::AnyCase => {
                    let (upper, other) = (first.to_ascii_uppercase(), second.to_ascii_uppercase());
                    pairs.extend([[upper, second], [first, other], [upper, other]]);
                }
                Compare::Digits => {
                    let none = (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit());
                    pairs.extend(none.map(|byte| [first, byte]));
                }
            }
            pairs.sort_unstable();
            pairs.dedup();
            let at = self.needles.len();
            for pair in pairs {
                self.starts[index(pair)].push(at);
            }
            self.needles.push(Needle {
                canary: canary.to_owned(),
                form,
            });
        }
    }

    /// Every file below a directory, but those below `except`.
    pub(crate) fn directory(&mut self, directory: &Path, except: &[PathBuf]) {
        let mut folders = vec![directory.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = std::fs::read_dir(&folder).expect("a directory that can be read");
            for entry in entries {
                let path = entry.expect("an entry").path();
                if except.contains(&path) {
                    continue;
                }
                // A file's own name is a place as well.
                let name = path.to_string_lossy().into_owned();
                self.bytes(&format!("the name of {name}"), name.as_bytes());
                if path.is_dir() {
                    folders.push(path);
                } else {
                    self.file(&path);
                }
            }
        }
    }

    /// One file.
    pub(crate) fn file(&mut self, path: &Path) {
        let bytes = std::fs::read(path).expect("a file that can be read");
        self.files += 1;
        self.bytes(&path.to_string_lossy(), &bytes);
    }

    /// Bytes from somewhere else.
    pub(crate) fn bytes(&mut self, place: &str, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.look(place, bytes, 0);
    }

    fn look(&mut self, place: &str, bytes: &[u8], depth: usize) {
        let mut decoded_to = 0;
        for at in 0..bytes.len().saturating_sub(1) {
            let pair = [bytes[at], bytes[at + 1]];
            if !self.starts[index(pair)].is_empty() {
                self.compare(place, bytes, at, pair);
            }
            if depth == DEEPEST {
                continue;
            }
            if let Some(inner) = inflated(&bytes[at..], pair) {
                self.inside("inflated", place, at, &inner, depth);
            }
            if at >= decoded_to {
                let run = run(&bytes[at..]);
                decoded_to = at + run.len().max(1);
                for (how, inner) in decoded(run) {
                    self.inside(how, place, at, &inner, depth);
                }
            }
        }
    }

    fn inside(&mut self, how: &str, place: &str, at: usize, inner: &[u8], depth: usize) {
        self.inside += 1;
        let place = format!("{place}, {how} from {at}");
        self.look(&place, inner, depth + 1);
    }

    fn compare(&mut self, place: &str, bytes: &[u8], at: usize, pair: [u8; 2]) {
        for needle in &self.starts[index(pair)] {
            let Needle { canary, form } = &self.needles[*needle];
            let Some(length) = form.begins(&bytes[at..]) else {
                continue;
            };
            let known = self.findings.last().is_some_and(|last| {
                last.offset == at && last.canary == *canary && last.place == place
            });
            if known {
                continue;
            }
            let from = at.saturating_sub(CONTEXT);
            let to = (at + length + CONTEXT).min(bytes.len());
            self.findings.push(Finding {
                place: place.to_owned(),
                offset: at,
                canary: canary.clone(),
                form: form.name,
                context: bytes[from..to].escape_ascii().to_string(),
            });
        }
    }

    /// What was found since the last time this was asked.
    pub(crate) fn take(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was searched, in a sentence.
    pub(crate) fn extent(&self) -> String {
        format!(
            "{} files, {} bytes, {} streams inflated or decoded, {} patterns",
            self.files,
            self.bytes,
            self.inside,
            self.needles.len()
        )
    }
}

/// The compressed stream that begins here, inflated as far as it goes: gzip, zlib, or the bare deflate of a ZIP's member.
fn inflated(bytes: &[u8], start: [u8; 2]) -> Option<Vec<u8>> {
    let whole = match start {
        [0x1f, 0x8b] if bytes.get(2) == Some(&8) => read(GzDecoder::new(bytes)),
        [0x50, 0x4b] => read(DeflateDecoder::new(zip_member(bytes)?)),
        // Deflate with a window of up to 32 KB, and a header checksum that one pair in 31 passes.
        [cmf, _]
            if cmf & 0x0f == 8 && cmf >> 4 <= 7 && u16::from_be_bytes(start).is_multiple_of(31) =>
        {
            // A preset dictionary is never ours.
            (start[1] & 0x20 == 0).then(|| read(ZlibDecoder::new(bytes)))?
        }
        _ => return None,
    };
    (whole.len() >= SHORTEST).then_some(whole)
}

/// The deflated bytes of a member of a ZIP archive (an XLSX, too, is one).
fn zip_member(bytes: &[u8]) -> Option<&[u8]> {
    let header = bytes.get(..30)?;
    let number = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
    let local = header[2..4] == [3, 4] && number(8) == 8;
    local.then(|| bytes.get(30 + number(26) + number(28)..))?
}

/// What comes out before the end or the first error: a damaged or cut stream counts as far as it can be read.
fn read(decoder: impl Read) -> Vec<u8> {
    let mut decoder = decoder.take(LARGEST_INFLATED);
    let (mut whole, mut part) = (Vec::new(), [0; 16 * 1024]);
    while let Ok(count @ 1..) = decoder.read(&mut part) {
        whole.extend_from_slice(&part[..count]);
    }
    whole
}

/// An encoded run shorter than this holds no compressed canary.
const SHORTEST_RUN: usize = 24;

/// The characters of base64 or hex that stand here, as far as they go.
fn run(bytes: &[u8]) -> &[u8] {
    let of_text = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let end = bytes.iter().position(|byte| !of_text(byte));
    &bytes[..end.unwrap_or(bytes.len())]
}

/// What a run holds, read as base64 and as hex. That a canary stands in it is found without; here it is about what is
/// compressed first and encoded then.
fn decoded(run: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    if run.len() < SHORTEST_RUN {
        return Vec::new();
    }
    let mut found = Vec::new();
    let text: Vec<u8> = run
        .iter()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    let whole = &text[..text.len() / 4 * 4];
    let rest = [&text[whole.len()..], b"AAAA"].concat();
    if let Ok(mut bytes) = STANDARD.decode(whole) {
        bytes.extend(STANDARD.decode(&rest[..4]).unwrap_or_default());
        found.push(("base64", bytes));
    }
    if run.iter().all(u8::is_ascii_hexdigit)
        && let Ok(bytes) = hex::decode(&run[..run.len() / 2 * 2])
    {
        found.push(("hex", bytes));
    }
    found
}
