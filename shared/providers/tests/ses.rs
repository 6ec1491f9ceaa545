//! The mail client against a server of this test: what it sends, and what it makes of answers.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use vio_providers::ses::{
    MailAccount, MailError, Mailbox, Mailer, NewMail, Refusal, SesMailer, SesSigning,
};
use vio_providers::{BaseUrl, Http, RetryAfter, Unanswered};

const PATIENCE: Duration = Duration::from_secs(5);

/// Answers one request with this, and gives what came: head and body.
async fn server(answer: String) -> (BaseUrl, oneshot::Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (came, coming) = oneshot::channel();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        let (head, body) = loop {
            let mut chunk = [0; 4096];
            let read = socket.read(&mut chunk).await.unwrap();
            bytes.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8(bytes.clone()).unwrap();
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                break (head.to_owned(), body.to_owned());
            }
        };
        socket.write_all(answer.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
        let _ = came.send((head, serde_json::from_str(&body).unwrap_or_default()));
    });
    (base, coming)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    )
}

fn mailer(base: BaseUrl) -> SesMailer {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    let signing = SesSigning {
        credentials: SharedCredentialsProvider::new(credentials),
        region: "eu-west-2".to_owned(),
    };
    SesMailer::new(Http::new(), base, signing, Some("vio-mail".to_owned()))
}

fn mail() -> NewMail {
    NewMail {
        from: Mailbox::new("Corner Café", "no-reply@mail.example"),
        to: "anna@müller.example".to_owned(),
        reply_to: Some("desk@corner.example".to_owned()),
        subject: "Grüße".to_owned(),
        text: "Hello".to_owned(),
        html: "<p>Hello</p>".to_owned(),
        tag: "m_1_2_3".to_owned(),
        unsubscribe: Some("https://app.example/api/unsubscribe/x".to_owned()),
    }
}

#[tokio::test]
async fn a_mail_is_signed_and_says_all_that_ses_wants() {
    let accepted = answer(
        "200 OK",
        "content-type: application/json\r\n",
        "{\"MessageId\": \"0102-abc\"}",
    );
    let (base, came) = server(accepted).await;
    let id = mailer(base).send(&mail(), PATIENCE).await.unwrap();
    assert_eq!(id, "0102-abc");
    let (head, body) = came.await.unwrap();
    assert!(
        head.starts_with("POST /v2/email/outbound-emails HTTP/1.1\r\n"),
        "{head}"
    );
    let head = head.to_lowercase();
    let authorization = head
        .lines()
        .find(|line| line.starts_with("authorization: "))
        .unwrap();
    for part in [
        "aws4-hmac-sha256 credential=akidexample/",
        "/eu-west-2/ses/aws4_request",
        "signedheaders=content-type;host;x-amz-date",
        "signature=",
    ] {
        assert!(authorization.contains(part), "{authorization}");
    }
    assert!(!head.contains("secret"));
    assert_eq!(
        body,
        json!({
            "FromEmailAddress": "=?UTF-8?B?Q29ybmVyIENhZsOp?= <no-reply@mail.example>",
            "Destination": { "ToAddresses": ["anna@xn--mller-kva.example"] },
            "ReplyToAddresses": ["desk@corner.example"],
            "ConfigurationSetName": "vio-mail",
            "EmailTags": [{ "Name": "vio_mail", "Value": "m_1_2_3" }],
            "Content": { "Simple": {
                "Subject": { "Data": "Grüße", "Charset": "UTF-8" },
                "Body": {
                    "Text": { "Data": "Hello", "Charset": "UTF-8" },
                    "Html": { "Data": "<p>Hello</p>", "Charset": "UTF-8" },
                },
                "Headers": [
                    { "Name": "List-Unsubscribe", "Value": "<https://app.example/api/unsubscribe/x>" },
                    { "Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click" },
                ],
            }},
        })
    );
}

#[tokio::test]
async fn refusals_are_told_from_what_nobody_knows() {
    let refused = |status, about, retry_after| {
        Err(MailError::Refused {
            status,
            about,
            retry_after,
        })
    };
    let unknown = |why| Err(MailError::NoAnswer(why));
    let named = |name: &str| format!("x-amzn-errortype: {name}:http://internal/\r\n");
    let soon = Some(RetryAfter::In(Duration::from_secs(7)));
    for (given, expected) in [
        (
            answer(
                "400 Bad Request",
                &named("MessageRejected"),
                "{\"message\": \"zoe@example.com\"}",
            ),
            refused(400, Refusal::Mail, None),
        ),
        (
            answer("400 Bad Request", &named("SendingPausedException"), "{}"),
            refused(400, Refusal::Account, None),
        ),
        (
            answer(
                "403 Forbidden",
                "",
                "{\"__type\": \"SignatureDoesNotMatch\"}",
            ),
            refused(403, Refusal::Account, None),
        ),
        (
            answer(
                "429 Too Many Requests",
                &format!("{}retry-after: 7\r\n", named("TooManyRequestsException")),
                "{}",
            ),
            refused(429, Refusal::TooMany, soon),
        ),
        (
            answer("500 Internal Server Error", "", "{}"),
            unknown(Unanswered::Status(500)),
        ),
        (
            answer("408 Request Timeout", "", "{}"),
            unknown(Unanswered::Status(408)),
        ),
        (answer("200 OK", "", "{}"), unknown(Unanswered::Unreadable)),
        (
            answer("200 OK", "", "not json"),
            unknown(Unanswered::Unreadable),
        ),
    ] {
        let (base, _came) = server(given.clone()).await;
        let outcome = mailer(base).send(&mail(), PATIENCE).await;
        assert_eq!(outcome, expected, "{given}");
        assert!(!format!("{outcome:?}").contains("zoe@"));
    }
}

#[tokio::test]
async fn the_account_says_whether_it_sends() {
    for (quota, used_up) in [
        ("", false),
        (
            ", \"SendQuota\": {\"Max24HourSend\": 200.0, \"SentLast24Hours\": 199.0}",
            false,
        ),
        (
            ", \"SendQuota\": {\"Max24HourSend\": 200.0, \"SentLast24Hours\": 200.0}",
            true,
        ),
        (
            ", \"SendQuota\": {\"Max24HourSend\": -1, \"SentLast24Hours\": 9.0}",
            false,
        ),
    ] {
        let said =
            format!("{{\"SendingEnabled\": true, \"ProductionAccessEnabled\": false{quota}}}");
        let (base, came) = server(answer("200 OK", "", &said)).await;
        let account = mailer(base).account(PATIENCE).await.unwrap();
        let expected = MailAccount {
            sends: true,
            to_everybody: false,
            used_up,
        };
        assert_eq!(account, expected);
        let (head, _) = came.await.unwrap();
        assert!(head.starts_with("GET /v2/email/account HTTP/1.1\r\n"));
        assert!(head.to_lowercase().contains("aws4-hmac-sha256"));
    }
}
