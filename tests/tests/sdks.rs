//! Ours and the providers' own libraries agree on signatures: what one signs the other takes, and what was tampered with
//! neither. `infra/sdks.py` asks the libraries; `make test` installs them into `.venv-sdks`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use vio_providers::{outgoing, retell, twilio};
use vio_sandbox::{retell_signature, twilio_signature};
use vio_tests::random::Random;

fn below(random: &mut Random, most: usize) -> usize {
    usize::try_from(random.below(most as u64)).unwrap()
}

fn pick<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[below(random, of.len())]
}

/// Cases of each kind.
const CASES: usize = 200;

/// What the libraries say of each case.
fn ask(cases: &[Value]) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join(".venv-sdks/bin/python");
    assert!(
        python.exists(),
        "the providers' libraries are not installed: make .venv-sdks/installed"
    );
    let mut child = Command::new(python)
        .arg(root.join("infra/sdks.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python");
    let mut lines = String::new();
    for case in cases {
        lines.push_str(&case.to_string());
        lines.push('\n');
    }
    let mut stdin = child.stdin.take().expect("a pipe");
    let writing = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("an end");
    writing.join().expect("a thread").expect("a whole write");
    assert!(output.status.success(), "{}", output.status);
    let text = String::from_utf8(output.stdout).expect("text");
    let answers: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

const LETTERS: [&str; 24] = [
    "a", "Z", "7", " ", "+", "&", "=", "%", "/", "?", "\"", "\\", "\n", "\t", ".", ",", "{", "}",
    "é", "ß", "Ж", "漢", "🎉", "\u{301}",
];

fn text(random: &mut Random, most: usize) -> String {
    let length = below(random, most + 1);
    (0..length).map(|_| pick(random, &LETTERS)).collect()
}

/// A key of letters and digits, as the providers give out.
fn key(random: &mut Random) -> String {
    let length = 1 + below(random, 60);
    let letters = [b'a', b'k', b'Z', b'0', b'9', b'_'];
    (0..length)
        .map(|_| char::from(pick(random, &letters)))
        .collect()
}

/// The same signature with one letter changed, cut short, lengthened, empty, in another case.
fn tampered(signature: &str, random: &mut Random) -> Vec<String> {
    // Not the last letters: in base64 they have bits that say nothing.
    let at = signature.len() - 4 - below(random, 18);
    let mut bytes = signature.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
    let changed = String::from_utf8(bytes).expect("ASCII");
    let shorter = signature[..signature.len() - 1].to_owned();
    vec![changed, shorter, format!("{signature}a"), String::new()]
}

/// What the libraries said of the signatures that they got: the first alone is right.
fn only_the_first(answer: &Value, case: &Value) {
    let accepted = answer["accepted"].as_array().expect("a list");
    for (at, one) in accepted.iter().enumerate() {
        assert_eq!(*one, json!(at == 0), "signature {at} of {case}");
    }
}

#[test]
fn retells_library_and_ours_agree() {
    let mut random = Random::new(1);
    let now = Utc::now();
    let millis = now.timestamp_millis();
    let mut cases = Vec::new();
    for _ in 0..CASES {
        let (key, body) = (key(&mut random), text(&mut random, 300));
        let own = retell_signature(&key, body.as_bytes(), millis);
        let mut signatures = vec![own.clone()];
        signatures.extend(tampered(&own, &mut random));
        signatures.push(retell_signature("another", body.as_bytes(), millis));
        signatures.push(retell_signature(&key, b"another", millis));
        signatures.push(retell_signature(&key, body.as_bytes(), millis - 900_000));
        cases.push(json!({ "kind": "retell", "key": key, "body": body, "signatures": signatures }));
    }
    for (case, answer) in cases.iter().zip(ask(&cases)) {
        only_the_first(&answer, case);
        let (key, body) = (
            case["key"].as_str().unwrap(),
            case["body"].as_str().unwrap(),
        );
        let ours = |signature: &str| {
            let keys = [secret(key)];
            retell::webhook::verify(signature, body.as_bytes(), &keys, Utc::now()).is_ok()
        };
        let theirs = answer["signature"].as_str().unwrap();
        assert!(ours(theirs), "{case}");
        for (at, one) in case["signatures"].as_array().unwrap().iter().enumerate() {
            assert_eq!(ours(one.as_str().unwrap()), at == 0, "{at} of {case}");
        }
        for one in tampered(theirs, &mut random) {
            assert!(!ours(&one), "{one} of {case}");
        }
    }
}

#[test]
fn twilios_library_and_ours_agree() {
    let mut random = Random::new(2);
    let addresses = [
        "https://app.example/api/webhook/sms/abc",
        "https://app.example:8443/api/webhook/sms/abc?contact=1&message=2",
        "https://app.example:443/api/webhook/sms/abc",
        "http://127.0.0.1:8787/api/webhook/sms/abc?contact=1",
    ];
    let mut cases = Vec::new();
    for _ in 0..CASES {
        let key = key(&mut random);
        let url = pick(&mut random, &addresses);
        let count = below(&mut random, 12);
        let fields: Vec<(String, String)> = (0..count)
            .map(|_| {
                let name = ["Body", "From", "To", "MessageSid", "é", "A"];
                let name = pick(&mut random, &name).to_owned();
                (name, text(&mut random, 40))
            })
            .collect();
        let own = twilio_signature(&key, url, &fields);
        let mut signatures = vec![own.clone()];
        let mut other = fields.clone();
        other.push(("Extra".to_owned(), "1".to_owned()));
        signatures.push(twilio_signature(&key, url, &other));
        signatures.push(twilio_signature("another", url, &fields));
        let elsewhere = "https://other.example/";
        signatures.push(twilio_signature(&key, elsewhere, &fields));
        signatures.extend(tampered(&own, &mut random));
        cases.push(json!({ "kind": "twilio", "key": key, "url": url, "fields": fields, "signatures": signatures }));
    }
    for (case, answer) in cases.iter().zip(ask(&cases)) {
        only_the_first(&answer, case);
        let (key, url) = (case["key"].as_str().unwrap(), case["url"].as_str().unwrap());
        let mut form = twilio::Form::default();
        for field in case["fields"].as_array().unwrap() {
            let part = |at: usize| field[at].as_str().unwrap().to_owned();
            form.add(part(0), part(1));
        }
        let ours = |signature: &str| {
            twilio::webhook::verify(signature, url, &form, &[secret(key)]).is_ok()
        };
        let theirs = answer["signature"].as_str().unwrap();
        assert!(ours(theirs), "{case}");
        for (at, one) in case["signatures"].as_array().unwrap().iter().enumerate() {
            assert_eq!(ours(one.as_str().unwrap()), at == 0, "{at} of {case}");
        }
        for one in tampered(theirs, &mut random) {
            assert!(!ours(&one), "{one} of {case}");
        }
    }
}

#[test]
fn standard_webhooks_library_and_ours_agree() {
    let mut random = Random::new(3);
    let now = Utc::now().timestamp();
    let source = vio_crypto::SeededRandom::new(4);
    let new = || vio_crypto::mac::new_webhook_secret(&source).unwrap();
    let stranger = new();
    let mut cases = Vec::new();
    let mut keys = Vec::new();
    for at in 0..CASES {
        let (key, before) = (new(), new());
        let id = format!("msg_{at}");
        let body = text(&mut random, 300);
        let sign = |keys: &[SecretString], id: &str, at, body: &str| {
            outgoing::sign(keys, id, at, body.as_bytes()).unwrap()
        };
        let own = sign(std::slice::from_ref(&key), &id, now, &body);
        // Beside that of the secret before, as for a day after a rotation.
        let both = [before, key.clone()];
        let rotated = sign(&both, &id, now, &body);
        let one = std::slice::from_ref(&key);
        let mut signatures = vec![own.clone(), rotated];
        signatures.push(sign(std::slice::from_ref(&stranger), &id, now, &body));
        signatures.push(sign(one, "msg_other", now, &body));
        signatures.push(sign(one, &id, now - 1, &body));
        signatures.push(sign(one, &id, now, &format!("{body} ")));
        signatures.push(format!("v2{}", &own[2..]));
        let changed = tampered(&own, &mut random).swap_remove(0);
        signatures.push(changed);
        signatures.push("v1,".to_owned());
        cases.push(json!({
            "kind": "standard", "key": key.expose_secret(), "id": id, "timestamp": now.to_string(),
            "body": body, "signatures": signatures,
        }));
        keys.push(key);
    }
    for ((case, key), answer) in cases.iter().zip(&keys).zip(ask(&cases)) {
        let given = |name: &str| case[name].as_str().unwrap().to_owned();
        let (id, stamp, body) = (given("id"), given("timestamp"), given("body"));
        let ours = |stamp: &str, signature: &str, now: DateTime<Utc>| {
            outgoing::verify(key, &id, stamp, signature, body.as_bytes(), now).is_ok()
        };
        let signatures = case["signatures"].as_array().unwrap();
        let accepted = answer["accepted"].as_array().unwrap();
        for (at, (one, theirs)) in signatures.iter().zip(accepted).enumerate() {
            let one = one.as_str().unwrap();
            assert_eq!(*theirs, json!(at < 2), "{at} of {case}");
            assert_eq!(ours(&stamp, one, Utc::now()), at < 2, "{at} of {case}");
        }
        let theirs = answer["signature"].as_str().unwrap();
        assert!(ours(&stamp, theirs, Utc::now()), "{case}");
        assert!(!ours("1", theirs, Utc::now()));
        let changed = tampered(theirs, &mut random).swap_remove(0);
        assert!(!ours(&stamp, &changed, Utc::now()));
    }
}
