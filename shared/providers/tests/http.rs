//! The clients against a server that answers, refuses, stalls and breaks off. It counts what reaches it: nothing may
//! be sent twice.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vio_domain::ids::AttemptId;
use vio_providers::calcom::CalcomClient;
use vio_providers::calendly::{CalendlyClient, Wanted};
use vio_providers::retell::{ApiError, HttpRetellFactory, RetellApi, RetellFactory};
use vio_providers::{BaseUrl, Http, RetryAfter, Unanswered};

const KEY: &str = "key_of_the_tenant";
const SOON: Duration = Duration::from_secs(5);

/// How the server answers every request.
#[derive(Clone)]
enum Answer {
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// Nothing, for longer than anybody waits.
    Silence,
    /// The head of an answer whose body never comes.
    HeadOnly,
}

struct Server {
    base: BaseUrl,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Server {
    async fn answering(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let (answer, seen) = (answer.clone(), seen.clone());
                tokio::spawn(async move {
                    let request = read_request(&mut connection).await;
                    seen.lock().unwrap().push(request);
                    match answer {
                        Answer::Raw(bytes) => drop(connection.write_all(&bytes).await),
                        Answer::Silence => tokio::time::sleep(Duration::from_secs(60)).await,
                        Answer::HeadOnly => {
                            drop(
                                connection
                                    .write_all(
                                        b"HTTP/1.1 201 Created\r\ncontent-length: 99\r\n\r\n{",
                                    )
                                    .await,
                            );
                            tokio::time::sleep(Duration::from_secs(60)).await;
                        }
                    }
                });
            }
        });
        Self { base, requests }
    }

    async fn with(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        Self::answering(Answer::Raw(answer.into_bytes())).await
    }

    fn retell(&self) -> Arc<dyn RetellApi> {
        HttpRetellFactory::new(Http::new()).client(self.base.clone(), SecretString::from(KEY))
    }

    fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.lock().unwrap().clone()
    }
}

async fn read_request(connection: &mut tokio::net::TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = connection.read(&mut chunk).await.unwrap_or(0);
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let length = text
            .split_once("content-length: ")
            .and_then(|(_, rest)| rest.split_once("\r\n"))
            .map_or(0, |(length, _)| length.parse().unwrap());
        let whole = text
            .find("\r\n\r\n")
            .is_some_and(|head| request.len() >= head + 4 + length);
        if read == 0 || whole {
            return request;
        }
    }
}

fn attempt() -> AttemptId {
    "0190b8a4-0000-7000-8000-000000000003".parse().unwrap()
}

#[tokio::test]
async fn a_call_is_created_with_the_stored_bytes() {
    let server = Server::with(
        "201 Created",
        "",
        r#"{"call_id":"call_1","call_status":"registered"}"#,
    )
    .await;
    let body = b"{\"to_number\" : \"+447911000001\",  \"odd\":\"\xc3\xa9 \\u00e9\"}";
    assert_eq!(
        server
            .retell()
            .create_call(body, SOON)
            .await
            .unwrap()
            .call_id,
        "call_1"
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let head = String::from_utf8_lossy(&requests[0]).to_lowercase();
    assert!(
        head.starts_with("post /v2/create-phone-call http/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("authorization: bearer key_of_the_tenant\r\n"));
    assert!(head.contains("content-type: application/json\r\n"));
    assert!(requests[0].ends_with(body), "another body was sent");
}

#[tokio::test]
async fn a_refusal_is_told_from_an_answer_that_leaves_doubt() {
    for (status, refused) in [
        ("400 Bad Request", true),
        ("401 Unauthorized", true),
        ("402 Payment Required", true),
        ("403 Forbidden", true),
        ("404 Not Found", true),
        ("422 Unprocessable", true),
        ("429 Too Many Requests", true),
        ("408 Request Timeout", false),
        ("409 Conflict", false),
        ("500 Internal Server Error", false),
        ("503 Unavailable", false),
        ("302 Found", false),
        ("307 Temporary Redirect", false),
    ] {
        let server = Server::with(
            status,
            "location: /elsewhere\r\n",
            r#"{"status":"error","message":"no"}"#,
        )
        .await;
        let code: u16 = status[..3].parse().unwrap();
        match server.retell().create_call(b"{}", SOON).await.unwrap_err() {
            ApiError::Refused {
                status, message, ..
            } => {
                assert!(refused, "{status}");
                assert_eq!((status, message.reveal()), (code, "no"));
            }
            ApiError::NoAnswer(reason) => {
                assert!(!refused, "{status}");
                assert_eq!(reason, Unanswered::Status(code));
            }
        }
        assert_eq!(server.requests().len(), 1, "{status} was sent again");
    }
}

#[tokio::test]
async fn too_many_requests_says_how_long_to_wait() {
    for (header, expected) in [
        (
            "Retry-After: 17\r\n",
            Some(RetryAfter::In(Duration::from_secs(17))),
        ),
        ("", None),
        ("Retry-After: soon\r\n", None),
    ] {
        let server = Server::with("429 Too Many Requests", header, "not json").await;
        let error = server.retell().create_call(b"{}", SOON).await.unwrap_err();
        let ApiError::Refused {
            status: 429,
            retry_after,
            ..
        } = error
        else {
            panic!("{error:?}")
        };
        assert_eq!(retry_after, expected);
    }
}

#[tokio::test]
async fn silence_ends_with_the_time_given_and_is_not_repeated() {
    for answer in [Answer::Silence, Answer::HeadOnly] {
        let server = Server::answering(answer).await;
        let begun = Instant::now();
        let error = server
            .retell()
            .create_call(b"{}", Duration::from_millis(300))
            .await
            .unwrap_err();
        assert_eq!(error, ApiError::NoAnswer(Unanswered::TimedOut));
        assert!(begun.elapsed() < Duration::from_secs(3));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_broken_connection_leaves_doubt_and_is_not_repeated() {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 201 Created\r\ncontent-length: 99\r\n\r\n{\"call_id\":\"c",
    ] {
        let server = Server::answering(Answer::Raw(bytes.to_vec())).await;
        let error = server.retell().create_call(b"{}", SOON).await.unwrap_err();
        assert_eq!(error, ApiError::NoAnswer(Unanswered::Connection));
        assert_eq!(server.requests().len(), 1);
    }
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let factory = HttpRetellFactory::new(Http::new());
    let retell = factory
        .client_at(&format!("http://{nobody}"), SecretString::from(KEY))
        .unwrap();
    let error = retell.create_call(b"{}", SOON).await.unwrap_err();
    assert_eq!(error, ApiError::NoAnswer(Unanswered::Connection));
}

#[tokio::test]
async fn a_success_that_cannot_be_read_leaves_doubt() {
    let large = format!(r#"{{"call_id":"{}"}}"#, "x".repeat(5 * 1024 * 1024));
    for body in [
        "",
        "created",
        "{}",
        r#"{"call_id":null}"#,
        r#"{"call_id":""}"#,
        "[]",
        large.as_str(),
    ] {
        let server = Server::with("201 Created", "", body).await;
        let error = server.retell().create_call(b"{}", SOON).await.unwrap_err();
        assert_eq!(
            error,
            ApiError::NoAnswer(Unanswered::Unreadable),
            "{:.40}",
            body
        );
    }
}

#[tokio::test]
async fn only_a_whole_list_of_this_attempt_says_that_there_is_no_call() {
    let mine = json!({"call_id": "call_1", "metadata": {"attempt_id": attempt()}});
    let other = json!({"call_id": "call_2", "metadata": {"attempt_id": "0190b8a4-0000-7000-8000-000000000004"}});
    for (answer, expected) in [
        (json!({"items": [], "has_more": false}), Some(vec![])),
        (json!({"items": []}), Some(vec![])),
        (
            json!({"items": [mine], "has_more": false}),
            Some(vec!["call_1"]),
        ),
        (json!({"items": [mine, other]}), None),
        (json!({"items": [other]}), None),
        (json!({"items": [{"call_id": "call_3"}]}), None),
        (
            json!({"items": [{"metadata": {"attempt_id": attempt()}}]}),
            None,
        ),
        (json!({"items": [], "has_more": true}), None),
        (json!({"items": null}), None),
        (json!({}), None),
        (json!([]), None),
    ] {
        let server = Server::with("200 OK", "", &answer.to_string()).await;
        let found = server.retell().list_calls_by_attempt(attempt(), SOON).await;
        match expected {
            Some(ids) => {
                let found: Vec<_> = found
                    .unwrap()
                    .into_iter()
                    .map(|call| call.call_id)
                    .collect();
                assert_eq!(found, ids, "{answer}");
            }
            None => assert_eq!(
                found,
                Err(ApiError::NoAnswer(Unanswered::Unreadable)),
                "{answer}"
            ),
        }
        let request = String::from_utf8(server.requests().remove(0)).unwrap();
        assert!(request.starts_with("POST /v3/list-calls HTTP/1.1\r\n"));
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            body["filter_criteria"]["metadata"],
            json!([{"key": "attempt_id", "op": "eq", "type": "string", "value": attempt()}])
        );
    }
}

#[tokio::test]
async fn one_call_is_fetched_stopped_and_deleted() {
    let server = Server::with("200 OK", "", r#"{"call_id":"call_1","transcript":"x"}"#).await;
    let retell = server.retell();
    assert_eq!(
        retell
            .get_call("call_1", SOON)
            .await
            .unwrap()
            .transcript
            .as_deref(),
        Some("x")
    );
    assert_eq!(
        retell.get_call("call_2", SOON).await,
        Err(ApiError::NoAnswer(Unanswered::Unreadable))
    );

    let server = Server::with("204 No Content", "", "").await;
    let retell = server.retell();
    retell.stop_call("call_1", SOON).await.unwrap();
    retell.delete_call("call_1", SOON).await.unwrap();
    let lines: Vec<_> = server
        .requests()
        .iter()
        .map(|request| {
            String::from_utf8_lossy(request)
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(
        lines,
        [
            "POST /v2/stop-call/call_1 HTTP/1.1",
            "DELETE /v2/delete-call/call_1 HTTP/1.1"
        ]
    );

    for id in [
        "",
        "../get-concurrency",
        "a/b",
        "a?b",
        "a%2fb",
        &"x".repeat(300),
    ] {
        let refused = retell.delete_call(id, SOON).await.unwrap_err();
        let unknown = matches!(
            refused,
            ApiError::Refused {
                status: 404 | 422,
                ..
            }
        );
        assert!(unknown, "{id}");
    }
    assert_eq!(server.requests().len(), 2, "a bad id was sent");
}

#[tokio::test]
async fn concurrency_and_me_test_a_key() {
    let server = Server::with(
        "200 OK",
        "",
        r#"{"current_concurrency":3,"concurrency_limit":20}"#,
    )
    .await;
    let concurrency = server.retell().concurrency(SOON).await.unwrap();
    assert_eq!((concurrency.current, concurrency.limit), (3, 20));

    let me = r#"{"status":"success","data":{"username":"ada","email":"ada@clinic.example","timeZone":"Europe/London"}}"#;
    let server = Server::with("200 OK", "", me).await;
    let client = CalcomClient::new(Http::new(), server.base.clone(), SecretString::from(KEY));
    assert_eq!(
        client.me(SOON).await.unwrap().email.as_deref(),
        Some("ada@clinic.example")
    );
    let request = String::from_utf8(server.requests().remove(0))
        .unwrap()
        .to_lowercase();
    assert!(
        request.starts_with("get /v2/me http/1.1\r\n")
            && request.contains("cal-api-version: 2024-08-13\r\n")
    );
    assert!(!format!("{client:?}").contains(KEY));

    let server = Server::with(
        "401 Unauthorized",
        "",
        r#"{"error":{"message":"Invalid key"}}"#,
    )
    .await;
    let client = CalcomClient::new(Http::new(), server.base.clone(), SecretString::from(KEY));
    let error = client.me(SOON).await.unwrap_err();
    let ApiError::Refused {
        status: 401,
        message,
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(message.reveal(), "Invalid key");
}

fn calendly(server: &Server) -> CalendlyClient {
    CalendlyClient::new(Http::new(), server.base.clone(), SecretString::from(KEY))
}

#[tokio::test]
async fn calendly_is_asked_by_id_at_the_address_that_is_set_and_nowhere_else() {
    let me = r#"{"resource":{"uri":"https://elsewhere.example/users/U1","email":"ada@clinic.example","current_organization":"https://elsewhere.example/organizations/O1"}}"#;
    let server = Server::with("200 OK", "", me).await;
    let client = calendly(&server);
    let me = client.me(SOON).await.unwrap();
    assert_eq!(me.email.as_deref(), Some("ada@clinic.example"));
    assert!(
        !format!("{client:?} {me:?}").contains("clinic") && !format!("{client:?}").contains(KEY)
    );

    let events = r#"{"collection":[{"uri":"https://elsewhere.example/scheduled_events/EV1","start_time":"2027-01-07T14:00:00.000000Z",
        "status":"canceled","invitees_counter":{"limit":5}},{"uri":null},7],
        "pagination":{"next_page":"https://elsewhere.example/scheduled_events?page_token=x","next_page_token":"a b&c"}}"#;
    let server = Server::with("200 OK", "", events).await;
    let client = calendly(&server);
    let mut wanted = Wanted {
        user: me.uri.clone(),
        ..Wanted::default()
    };
    let page = client.scheduled_events(&wanted, SOON).await.unwrap();
    let [event] = &page.items[..] else {
        panic!("{page:?}")
    };
    assert!(event.canceled && event.group);
    assert_eq!(event.id, "EV1");
    wanted.page_token = page.next;
    client.scheduled_events(&wanted, SOON).await.unwrap();
    assert!(client.invitees("../../users", None, SOON).await.is_ok());
    let asked: Vec<String> = server
        .requests()
        .into_iter()
        .map(|request| String::from_utf8(request).unwrap())
        .map(|request| request.lines().next().unwrap_or_default().to_owned())
        .collect();
    let user = "user=https%3A%2F%2Felsewhere.example%2Fusers%2FU1&count=100&sort=start_time%3Aasc";
    assert_eq!(
        asked,
        [
            format!("GET /scheduled_events?{user} HTTP/1.1"),
            format!("GET /scheduled_events?{user}&page_token=a+b%26c HTTP/1.1"),
            "GET /scheduled_events/..%2F..%2Fusers/invitees?count=100 HTTP/1.1".to_owned(),
        ]
    );
}

#[tokio::test]
async fn calendly_says_how_long_to_wait() {
    let refused = r#"{"title":"Too Many Requests","message":"slow down"}"#;
    for (headers, seconds) in [
        ("x-ratelimit-reset: 30\r\n", 30),
        ("retry-after: 7\r\nx-ratelimit-reset: 30\r\n", 7),
    ] {
        let server = Server::with("429 Too Many Requests", headers, refused).await;
        let ApiError::Refused {
            status: 429,
            retry_after: Some(RetryAfter::In(wait)),
            message,
        } = calendly(&server).me(SOON).await.unwrap_err()
        else {
            panic!("{headers}")
        };
        assert_eq!(wait, Duration::from_secs(seconds));
        assert_eq!(message.reveal(), "slow down");
        assert_eq!(server.requests().len(), 1);
    }
    for body in [r#"{"collection":{}}"#, "[]", "{", r#"{"resource":[]}"#] {
        let server = Server::with("200 OK", "", body).await;
        let client = calendly(&server);
        let unreadable = ApiError::NoAnswer(Unanswered::Unreadable);
        assert_eq!(
            client.me(SOON).await.err(),
            Some(unreadable.clone()),
            "{body}"
        );
        let page = client.scheduled_events(&Wanted::default(), SOON).await;
        assert_eq!(page.err(), Some(unreadable), "{body}");
    }
    let server = Server::answering(Answer::Silence).await;
    let waited = calendly(&server).me(Duration::from_millis(200)).await;
    assert_eq!(waited.err(), Some(ApiError::NoAnswer(Unanswered::TimedOut)));
}
