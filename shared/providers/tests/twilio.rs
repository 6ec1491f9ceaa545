//! Twilio: its signature, its forms, its answers.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vio_domain::messages::state::Report;
use vio_providers::twilio::webhook::{Event, verify};
use vio_providers::twilio::{
    Account, Form, HttpTwilioFactory, NewSms, TwilioApi, TwilioError, TwilioFactory, code,
};
use vio_providers::{BaseUrl, Http, RetryAfter, SignatureError, Unanswered};

const SID: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const SOON: Duration = Duration::from_secs(5);

/// A sample's bytes, or `None`, said loudly.
fn sample(name: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/payloads");
    let path = std::env::var_os("VIO_PAYLOADS").map_or(beside, PathBuf::from);
    let found = std::fs::read(path.join("twilio").join(name)).ok();
    if found.is_none() {
        eprintln!(
            "SKIPPED: no sample {name}; set VIO_PAYLOADS to the folder with the providers' samples"
        );
    }
    found
}

fn tokens(tokens: &[&str]) -> Vec<SecretString> {
    tokens
        .iter()
        .map(|token| SecretString::from(*token))
        .collect()
}

fn form(fields: &[(&str, &str)]) -> Form {
    let mut form = Form::default();
    for (name, value) in fields {
        form.add((*name).to_owned(), (*value).to_owned());
    }
    form
}

/// The vector of the provider's own documentation.
const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

fn documented() -> Form {
    form(&[
        ("To", "+18005551212"),
        ("From", "+14158675309"),
        ("Digits", "1234"),
        ("Caller", "+14158675309"),
        ("CallSid", "CA1234567890ABCDE"),
    ])
}

#[test]
fn the_documented_signature_is_accepted_and_nothing_near_it() {
    let given = documented();
    assert_eq!(verify(SIGNATURE, URL, &given, &tokens(&["12345"])), Ok(()));
    assert_eq!(
        verify(SIGNATURE, URL, &given, &tokens(&["new", "12345"])),
        Ok(())
    );
    let wrong = Err(SignatureError::Wrong);
    for header in [
        "",
        "RSOYDt4T1cUTdK1PDd93/VVr8B8",
        "RSOYDt4T1cUTdK1PDd93/VVr8B9=",
        &"A".repeat(100_000),
    ] {
        assert_eq!(
            verify(header, URL, &given, &tokens(&["12345"])),
            wrong,
            "{header:.40}"
        );
    }
    for token in [&[][..], &[""], &["123456"]] {
        assert_eq!(verify(SIGNATURE, URL, &given, &tokens(token)), wrong);
    }
    let mut more = documented();
    more.add("Extra".into(), String::new());
    more.add("Extra".into(), "x".into());
    assert_eq!(verify(SIGNATURE, URL, &more, &tokens(&["12345"])), wrong);
    let elsewhere = "https://mycompany.com/myapp.php?foo=1&bar=3";
    assert_eq!(
        verify(SIGNATURE, elsewhere, &given, &tokens(&["12345"])),
        wrong
    );
}

#[test]
fn the_providers_vectors_hold() {
    let Some(bytes) = sample("signature-vectors.json") else {
        return;
    };
    let vectors: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    assert!(vectors.len() >= 5);
    for vector in vectors {
        let mut given = Form::default();
        for (name, value) in vector["params"].as_object().unwrap() {
            let values = value
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![value.clone()]);
            for value in values {
                given.add(name.clone(), value.as_str().unwrap().to_owned());
            }
        }
        let text = |name: &str| vector[name].as_str().unwrap();
        let token = tokens(&[text("auth_token")]);
        let found = verify(
            text("expected_signature"),
            text("request_url"),
            &given,
            &token,
        );
        assert_eq!(found, Ok(()), "{}", vector["name"]);
    }
}

#[test]
fn the_providers_forms_are_read() {
    if let Some(body) = sample("inbound-sms.form.txt") {
        let Event::Inbound(message) = Event::of(&Form::parse(body.trim_ascii()).unwrap()).unwrap()
        else {
            panic!("not a message");
        };
        assert_eq!(
            (message.body.as_str(), message.from.as_str()),
            ("STOP", "+447912345678")
        );
    }
    if let Some(body) = sample("status-callback.form.txt") {
        let Event::Status(news) = Event::of(&Form::parse(body.trim_ascii()).unwrap()).unwrap()
        else {
            panic!("not a report");
        };
        assert_eq!(
            (news.report, news.error_code),
            (Report::Undelivered, Some(code::UNREACHABLE))
        );
    }
}

#[test]
fn forms_that_say_nothing_are_refused_and_unknown_words_ignored() {
    let sid = "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for fields in [
        &[][..],
        &[("Body", "hello")],
        &[("MessageSid", "SM1"), ("Body", "hello")],
        &[("MessageSid", sid), ("Body", "hello"), ("From", "")],
    ] {
        assert!(Event::of(&form(fields)).is_err(), "{fields:?}");
    }
    let unknown = form(&[("MessageSid", sid), ("MessageStatus", "translated")]);
    assert_eq!(Event::of(&unknown), Ok(Event::Other));
    let odd = form(&[
        ("SmsSid", sid),
        ("SmsStatus", "failed"),
        ("ErrorCode", "soon"),
    ]);
    let Ok(Event::Status(news)) = Event::of(&odd) else {
        panic!("not a report");
    };
    assert_eq!((news.report, news.error_code), (Report::Failed, None));
}

/// A server that answers every request with these bytes, or not at all, and keeps the last one.
async fn answering(
    answer: Option<String>,
) -> (Arc<dyn TwilioApi>, Arc<tokio::sync::Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let seen = Arc::new(tokio::sync::Mutex::new(String::new()));
    let last = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = vec![0; 16 * 1024];
            let read = connection.read(&mut request).await.unwrap_or(0);
            *last.lock().await = String::from_utf8_lossy(&request[..read]).into_owned();
            match &answer {
                Some(answer) => drop(connection.write_all(answer.as_bytes()).await),
                None => tokio::time::sleep(Duration::from_secs(60)).await,
            }
        }
    });
    let account = Account {
        sid: SID.to_owned(),
        token: SecretString::from("the_token"),
    };
    let factory = HttpTwilioFactory::new(Http::new());
    (factory.client(base, account), seen)
}

fn answer(status: &str, headers: &str, body: &str) -> Option<String> {
    let length = body.len();
    Some(format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    ))
}

fn hello() -> NewSms {
    NewSms {
        to: "+447912345678".into(),
        from: "+447700153842".into(),
        body: "Hello & good-bye, Zoë".into(),
        status_callback: "https://app.example/api/webhook/sms/x?message=1".into(),
    }
}

#[tokio::test]
async fn a_message_is_sent_as_a_form_with_the_accounts_credentials() {
    let Some(created) = sample("message-create-201.create.json") else {
        return;
    };
    let (api, seen) = answering(answer(
        "201 Created",
        "",
        &String::from_utf8_lossy(&created),
    ))
    .await;
    let sent = api.send(&hello(), SOON).await.unwrap();
    assert_eq!(sent.sid, "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_eq!(sent.report, Some(Report::Accepted));
    assert_eq!(
        sent.created_at.unwrap().to_rfc3339(),
        "2023-08-24T05:01:45+00:00"
    );
    let request = seen.lock().await.clone();
    assert!(request.starts_with(&format!(
        "POST /2010-04-01/Accounts/{SID}/Messages.json HTTP"
    )));
    assert!(request.to_lowercase().contains("authorization: basic "));
    let body = request.rsplit("\r\n\r\n").next().unwrap();
    assert_eq!(
        body,
        "To=%2B447912345678&From=%2B447700153842&Body=Hello+%26+good-bye%2C+Zo%C3%AB\
         &StatusCallback=https%3A%2F%2Fapp.example%2Fapi%2Fwebhook%2Fsms%2Fx%3Fmessage%3D1"
    );
}

#[tokio::test]
async fn refusals_carry_the_code_and_everything_else_is_no_answer() {
    for (name, expected) in [
        ("error-21211.json", code::BAD_NUMBER),
        ("error-21610.json", code::OPTED_OUT),
    ] {
        let Some(body) = sample(name) else { continue };
        let (api, _) = answering(answer(
            "400 Bad Request",
            "",
            &String::from_utf8_lossy(&body),
        ))
        .await;
        let refused = api.send(&hello(), SOON).await.unwrap_err();
        let expected = TwilioError::Refused {
            status: 400,
            code: Some(expected),
            retry_after: None,
        };
        assert_eq!(refused, expected);
    }
    let (api, _) = answering(answer(
        "429 Too Many Requests",
        "retry-after: 7\r\n",
        r#"{"code":20429}"#,
    ))
    .await;
    let refused = TwilioError::Refused {
        status: 429,
        code: Some(code::TOO_MANY),
        retry_after: Some(RetryAfter::In(Duration::from_secs(7))),
    };
    assert_eq!(api.send(&hello(), SOON).await.unwrap_err(), refused);
    for (reply, expected) in [
        (answer("500 Oops", "", "{}"), Unanswered::Status(500)),
        (answer("408 Slow", "", "{}"), Unanswered::Status(408)),
        (answer("201 Created", "", "{}"), Unanswered::Unreadable),
        (answer("201 Created", "", "what"), Unanswered::Unreadable),
        (None, Unanswered::TimedOut),
    ] {
        let (api, _) = answering(reply).await;
        let found = api
            .send(&hello(), Duration::from_millis(300))
            .await
            .unwrap_err();
        assert_eq!(found, TwilioError::NoAnswer(expected));
    }
}

#[tokio::test]
async fn a_list_that_leaves_doubt_is_never_an_empty_one() {
    let (to, from) = ("+447912345678", "+447700153842");
    let (api, seen) = answering(answer(
        "200 OK",
        "",
        r#"{"messages":[],"next_page_uri":null}"#,
    ))
    .await;
    let page = api.sent(to, from, SOON).await.unwrap();
    assert!(page.messages.is_empty() && !page.more);
    let request = seen.lock().await.clone();
    assert!(
        request.contains("/Messages.json?To=%2B447912345678&From=%2B447700153842&PageSize=50 ")
    );
    for body in [
        r#"{}"#,
        r#"{"messages":{}}"#,
        r#"{"messages":[{"sid":"what"}]}"#,
    ] {
        let (api, _) = answering(answer("200 OK", "", body)).await;
        let found = api.sent(to, from, SOON).await.unwrap_err();
        assert_eq!(
            found,
            TwilioError::NoAnswer(Unanswered::Unreadable),
            "{body}"
        );
    }
}

#[tokio::test]
async fn lookups_are_read() {
    for (name, valid, line_type) in [
        (
            "lookup-v2.fetchLineTypeIntelligence.json",
            true,
            Some("nonFixedVoip"),
        ),
        ("lookup-v2.fetch.json", true, None),
        ("lookup-v2.fetchInvalid.json", false, None),
    ] {
        let Some(body) = sample(name) else { continue };
        let (api, seen) = answering(answer("200 OK", "", &String::from_utf8_lossy(&body))).await;
        let found = api.lookup("+14159929960", SOON).await.unwrap();
        assert_eq!(
            (found.valid, found.line_type.as_deref()),
            (valid, line_type),
            "{name}"
        );
        let request = seen.lock().await.clone();
        assert!(
            request.starts_with("GET /v2/PhoneNumbers/+14159929960?Fields=line_type_intelligence ")
        );
    }
}
