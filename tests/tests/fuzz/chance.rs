//! Requests by chance, from a seed that is printed. Some happen to be right, so this works on a business of its own;
//! what is asked is that nothing breaks and every answer is as documented.

use serde_json::{Map, Value, json};
use vio_tests::Random;
use vio_tests::contract::{Operation, World};

use crate::{Stage, Target};

const REQUESTS: usize = 600;
/// Texts that have broken something somewhere before.
const TEXTS: [&str; 14] = [
    "",
    " ",
    "\0",
    "Qx7canary\u{202e}",
    "\u{feff}Qx7canary",
    "Zo\u{308}e\u{301}\u{301}\u{301}",
    "👩‍👩‍👧‍👦 Qx7canary",
    "' OR 1=1 --Qx7canary",
    "<script>Qx7canary</script>",
    "${jndi:Qx7canary}",
    "../../Qx7canary",
    "2027-02-30T25:61",
    "+44 20 7946 0000 x Qx7canary",
    "T#0#C#Qx7canary",
];

pub(crate) async fn anything(stage: &Stage, world: &World, operations: &[Operation]) {
    let seed = Random::seed_from_env("VIO_FUZZ_SEED");
    println!("VIO_FUZZ_SEED={seed}");
    let mut random = Random::new(seed);
    let mut targets = Vec::new();
    for operation in operations
        .iter()
        .filter(|operation| operation.body_schema().is_some())
    {
        // What signs people in and out is slow by design, and not about fields.
        if operation.path.starts_with("/api/auth/") || operation.path == "/api/tenants" {
            continue;
        }
        match Target::new(stage, world, operation).await {
            Ok(target) => targets.push(target),
            Err(missing) => stage.found.note(missing),
        }
    }
    for _ in 0..REQUESTS {
        let target = &targets[random.below(targets.len() as u64) as usize];
        let mut body = target.example();
        let ask = if random.below(4) == 0 {
            target.with_body(
                bytes(&mut random, &body.to_string()),
                Some("application/json"),
            )
        } else {
            for _ in 0..=random.below(3) {
                change(&mut random, &mut body, 0);
            }
            target.with_json(&body)
        };
        let what = format!("chance of seed {seed}");
        let Some(answer) = target.send(&what, &ask).await else {
            continue;
        };
        stage.found.tried();
        target.is_documented(&what, &answer);
        if answer.status.is_server_error() || answer.status == 429 {
            let sent =
                String::from_utf8_lossy(ask.body.as_deref().unwrap_or_default()).into_owned();
            target.note(&what, &format!("{} for {:.300}", answer.text, sent));
        }
    }
}

/// A text with some bytes taken out, put in or changed.
fn bytes(random: &mut Random, text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(3) {
            0 => drop(bytes.remove(at)),
            1 => bytes.insert(at, random.below(256) as u8),
            _ => bytes[at] = random.below(256) as u8,
        }
        if bytes.is_empty() {
            bytes.push(b'{');
        }
    }
    bytes
}

/// Changes something somewhere within a value.
fn change(random: &mut Random, value: &mut Value, depth: usize) {
    let deeper = depth < 4 && random.below(4) != 0;
    match value {
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let at = random.below(fields.len() as u64) as usize;
            let key = fields.keys().nth(at).expect("a key").clone();
            match random.below(6) {
                0 => drop(fields.remove(&key)),
                _ => change(random, &mut fields[&key], depth + 1),
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = random.below(items.len() as u64) as usize;
            change(random, &mut items[at], depth + 1);
        }
        other => *other = any(random, depth),
    }
}

fn any(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth > 4 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => json!(random.below(2) == 0),
        2 => json!(random.below(u64::MAX) as i64),
        3 => json!(random.below(1_000)),
        4 => json!(f64::from_bits(random.below(u64::MAX))),
        5 => json!(TEXTS[random.below(TEXTS.len() as u64) as usize]),
        6 => (0..random.below(4))
            .map(|_| any(random, depth + 1))
            .collect(),
        _ => {
            let fields = (0..random.below(4)).map(|n| (format!("zz{n}"), any(random, depth + 1)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}
