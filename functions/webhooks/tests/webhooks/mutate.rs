//! Chance that can be repeated, and what it does to a body: values of other kinds, missing, null and strange ones, deep
//! nesting, huge numbers, and bytes that are no text.

use serde_json::{Map, Value, json};

/// SplitMix64.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.draw() % most.max(1) as u64).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Texts that parsers of instants, numbers, names and addresses stumble over.
const TEXTS: &[&str] = &[
    "",
    " ",
    "\0",
    "\u{feff}",
    "\u{202e}abc",
    "null",
    "0",
    "-1",
    "1e999",
    "99999999999999999999",
    "2026-02-30T25:61:61Z",
    "2026-03-29T01:30:00",
    "2026-11-20",
    "20261120T120000Z",
    "2026-11-20T12:00:00+99:99",
    "+262143-12-31T23:59:59.999999999Z",
    "-262144-01-01T00:00:00Z",
    "9999-12-31T23:59:60Z",
    "0000-00-00T00:00:00Z",
    "2026-11-20T12:00:00.1234567890123Z",
    "2026-11-20 12:00",
    "Europe/Nowhere",
    "Etc/GMT+25",
    "+44",
    "+442079460000000000000",
    "０２０７９４６０００３",
    "tel:+44-20-7946-0003;ext=1",
    "00442079460003",
    "a@b",
    "\"a b\"@example.com",
    "a@xn--",
    "Zoë O'Neil-漢 🎉",
    "e\u{301}\u{301}\u{301}",
    "%00%ff",
    "<script>",
    "https://api.calendly.com/scheduled_events//invitees/",
    "https://api.calendly.com/scheduled_events/../../x/invitees/y",
    "x'); DROP TABLE--",
];

/// A value of any kind.
fn strange(chance: &mut Chance) -> Value {
    match chance.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(i64::MIN),
        3 => json!(u64::MAX),
        4 => json!(1e308),
        5 => json!(-0.5),
        6 => json!([]),
        7 => json!({}),
        8 => json!([[[[null]]]]),
        9 => {
            let deep = 1 + chance.below(150);
            (0..deep).fold(json!(1), |inner, _| json!([inner]))
        }
        10 => json!("x".repeat(1 + chance.below(3_000))),
        11 => json!(chance.draw()),
        _ => json!(*chance.pick(TEXTS)),
    }
}

/// How many values there are in a value, itself among them.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value that is `at`th.
fn change(value: &mut Value, at: &mut usize, chance: &mut Chance) {
    if *at == 0 {
        *at = usize::MAX;
        distort(value, chance);
        return;
    }
    *at -= 1;
    match value {
        Value::Array(items) => {
            for item in items {
                change(item, at, chance);
                if *at == usize::MAX {
                    return;
                }
            }
        }
        Value::Object(members) => {
            for member in members.values_mut() {
                change(member, at, chance);
                if *at == usize::MAX {
                    return;
                }
            }
        }
        _ => {}
    }
}

fn distort(value: &mut Value, chance: &mut Chance) {
    let choice = chance.below(8);
    match value {
        Value::Object(members) if choice < 5 && !members.is_empty() => {
            let names: Vec<String> = members.keys().cloned().collect();
            let name = chance.pick(&names).clone();
            match choice {
                0 => drop(members.remove(&name)),
                1 => drop(members.insert(name, Value::Null)),
                2 => drop(members.insert("unknown_of_the_future".into(), strange(chance))),
                3 => {
                    let other = chance.pick(&names).clone();
                    let moved = members.remove(&name).unwrap_or_default();
                    members.insert(other, moved);
                }
                _ => drop(members.insert(name, strange(chance))),
            }
        }
        Value::Array(items) if choice < 5 && !items.is_empty() => {
            let at = chance.below(items.len());
            match choice {
                0 => drop(items.remove(at)),
                1 => items.insert(at, Value::Null),
                2 => {
                    let again = items[at].clone();
                    items.extend(std::iter::repeat_n(again, 1 + chance.below(40)));
                }
                _ => items[at] = strange(chance),
            }
        }
        Value::String(text) if choice < 4 => {
            let letters: Vec<char> = text.chars().collect();
            let at = chance.below(letters.len() + 1);
            let piece = *chance.pick(TEXTS);
            *text = match choice {
                0 => letters[..at].iter().collect(),
                1 => letters[at..].iter().collect(),
                _ => {
                    let (head, tail) = letters.split_at(at);
                    let head: String = head.iter().collect();
                    let tail: String = tail.iter().collect();
                    format!("{head}{piece}{tail}")
                }
            };
        }
        Value::Number(_) if choice < 4 => *value = strange(chance),
        _ => *value = strange(chance),
    }
}

/// A sample with a few values distorted.
pub(crate) fn distorted(sample: &Value, chance: &mut Chance) -> Value {
    let mut value = sample.clone();
    for _ in 0..1 + chance.below(4) {
        let mut at = chance.below(count(&value));
        change(&mut value, &mut at, chance);
    }
    value
}

/// Bytes of a sample that are broken: flipped, cut off, doubled, not UTF-8, nested too deeply.
pub(crate) fn broken(bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + chance.below(6) {
        let at = chance.below(bytes.len());
        match chance.below(8) {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => bytes[at] ^= 1 << chance.below(8),
            2 => {
                let piece = *chance.pick(&[b"\xff\xfe" as &[u8], b"\xc3", b"\xed\xa0\x80", b"\0"]);
                bytes.splice(at..at, piece.iter().copied());
            }
            3 => {
                let again = bytes[at..].to_vec();
                bytes.extend(again.into_iter().take(2_000));
            }
            4 => {
                let piece = chance.pick(TEXTS).as_bytes().to_vec();
                bytes.splice(at..at, piece);
            }
            5 => {
                let piece = *chance.pick(&[b"{\"a\":" as &[u8], b"[", b"\"", b"\\u", b"\\ud800"]);
                let times = 1 + chance.below(300);
                bytes.splice(at..at, piece.repeat(times));
            }
            6 => {
                let piece = "9".repeat(1 + chance.below(400)).into_bytes();
                bytes.splice(at..at, piece);
            }
            _ => drop(bytes.drain(..at.min(40))),
        }
    }
    bytes
}

/// A text that is one of the strange ones, or several of them in a row, or a piece of one.
pub(crate) fn text(chance: &mut Chance) -> String {
    let mut text = String::new();
    for _ in 0..1 + chance.below(4) {
        let piece: Vec<char> = chance.pick(TEXTS).chars().collect();
        let from = chance.below(piece.len() + 1);
        text.extend(&piece[from..]);
    }
    text
}

/// Samples of a folder's recorded events: the bodies of requests, as JSON.
pub(crate) fn sample(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../events/webhooks")
        .join(name);
    let event: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    match event["body"].as_str() {
        Some(body) => serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned())),
        None => event,
    }
}

/// An object of names and texts as a form.
pub(crate) fn form(fields: &Map<String, Value>) -> String {
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs = fields.iter().map(|(name, value)| {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        format!("{}={}", escaped(name), escaped(&value))
    });
    pairs.collect::<Vec<_>>().join("&")
}
