use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Json;
use http_body_util::BodyExt;
use serde_json::json;

use super::*;

/// A store in memory, following the port's words.
#[derive(Default)]
struct Memory(Mutex<HashMap<(TenantId, String, String), Entry>>);

struct Entry {
    fingerprint: [u8; 32],
    operation: Uuid,
    leased: bool,
    answer: Option<SavedAnswer>,
}

impl Memory {
    fn with<R>(
        &self,
        tenant: TenantId,
        request: &KeyedRequest,
        act: impl FnOnce(&mut Entry, bool) -> R,
    ) -> R {
        let mut entries = self.0.lock().unwrap();
        let key = (
            tenant,
            request.route.clone(),
            request.key.as_str().to_owned(),
        );
        let known = entries.contains_key(&key);
        let entry = entries.entry(key).or_insert(Entry {
            fingerprint: request.fingerprint,
            operation: Uuid::now_v7(),
            leased: false,
            answer: None,
        });
        act(entry, known)
    }
}

#[async_trait::async_trait]
impl IdempotencyStore for Memory {
    async fn begin(&self, tenant: TenantId, request: &KeyedRequest) -> Result<Begin, StoreFailure> {
        Ok(self.with(tenant, request, |entry, known| {
            if known
                && (entry.leased || entry.answer.is_some())
                && entry.fingerprint != request.fingerprint
            {
                return Begin::Mismatch;
            }
            if let Some(answer) = &entry.answer {
                return Begin::Replay(answer.clone());
            }
            if entry.leased {
                return Begin::InProgress;
            }
            entry.leased = true;
            entry.fingerprint = request.fingerprint;
            Begin::Fresh {
                operation: entry.operation,
            }
        }))
    }

    async fn finish(
        &self,
        tenant: TenantId,
        request: &KeyedRequest,
        answer: SavedAnswer,
    ) -> Result<(), StoreFailure> {
        self.with(tenant, request, |entry, _| entry.answer = Some(answer));
        Ok(())
    }

    async fn abandon(&self, tenant: TenantId, request: &KeyedRequest) -> Result<(), StoreFailure> {
        self.with(tenant, request, |entry, _| entry.leased = false);
        Ok(())
    }
}

fn keyed(key: &str, body: &str) -> Option<KeyedRequest> {
    Some(KeyedRequest {
        key: Key::parse(key).unwrap(),
        route: "POST /api/contacts".to_owned(),
        fingerprint: fingerprint("POST", "/api/contacts", body.as_bytes()).unwrap(),
    })
}

fn tenant(n: u128) -> TenantId {
    TenantId::new(Uuid::from_u128(n))
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn the_same_request_happens_once_and_answers_alike() {
    let (store, done) = (Memory::default(), AtomicUsize::new(0));
    let create = |n: u128, key: Option<KeyedRequest>| {
        once(&store, tenant(n), key, Uuid::now_v7(), |operation| {
            let count = done.fetch_add(1, Ordering::SeqCst) + 1;
            async move {
                let headers = [("location", "/api/contacts/1"), ("set-cookie", "x=1")];
                Ok((
                    StatusCode::CREATED,
                    headers,
                    Json(json!({"n": count, "id": operation})),
                ))
            }
        })
    };
    let first = create(1, keyed("k", r#"{"a":1,"b":2}"#)).await.unwrap();
    assert_eq!(first.status(), 201);
    assert!(!first.headers().contains_key(REPLAYED));
    let first = text(first).await;

    // Spelled otherwise, the same request.
    let again = create(1, keyed("k", r#"{ "b":2, "a":1 }"#)).await.unwrap();
    assert_eq!(again.status(), 201);
    assert_eq!(again.headers()[REPLAYED], "true");
    assert_eq!(again.headers()["location"], "/api/contacts/1");
    assert_eq!(again.headers()["content-type"], "application/json");
    assert!(!again.headers().contains_key("set-cookie"));
    assert_eq!(text(again).await, first);
    assert_eq!(done.load(Ordering::SeqCst), 1);

    let other = create(1, keyed("k", r#"{"a":1,"b":3}"#)).await.unwrap_err();
    assert_eq!(other.kind(), Kind::IdempotencyMismatch);
    create(2, keyed("k", r#"{"a":1,"b":3}"#)).await.unwrap();
    create(1, None).await.unwrap();
    create(1, None).await.unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_refusal_may_be_tried_again_under_the_same_operation() {
    let store = Memory::default();
    let seen = Mutex::new(Vec::new());
    let attempt = |succeeds: bool, body: &'static str| {
        let seen = &seen;
        once(
            &store,
            tenant(1),
            keyed("k", body),
            Uuid::now_v7(),
            move |operation| {
                seen.lock().unwrap().push(operation);
                async move {
                    if succeeds {
                        Ok("done")
                    } else {
                        Err(Problem::validation(Vec::new()))
                    }
                }
            },
        )
    };
    assert_eq!(
        attempt(false, "{}").await.unwrap_err().kind(),
        Kind::Validation
    );
    assert!(attempt(true, r#"{"fixed":1}"#).await.is_ok());
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_second_request_meanwhile_is_told_to_wait() {
    let store = Memory::default();
    let request = keyed("k", "{}").unwrap();
    store.begin(tenant(1), &request).await.unwrap();
    let problem = once(
        &store,
        tenant(1),
        Some(request),
        Uuid::now_v7(),
        |_| async { Ok("twice") },
    )
    .await
    .unwrap_err();
    assert_eq!(problem.kind(), Kind::IdempotencyInProgress);
}

#[test]
fn keys_and_fingerprints() {
    assert!(Key::parse(&"k".repeat(255)).is_some());
    for bad in ["", "ü", "a\nb", &"k".repeat(256)] {
        assert!(Key::parse(bad).is_none());
    }
    let print = |method, path, body: &str| fingerprint(method, path, body.as_bytes()).unwrap();
    let base = print("POST", "/a", r#"{"x":[1,"2"]}"#);
    assert_eq!(base, print("POST", "/a", " { \"x\" : [ 1 , \"2\" ] } "));
    for other in [
        print("PUT", "/a", r#"{"x":[1,"2"]}"#),
        print("POST", "/b", r#"{"x":[1,"2"]}"#),
        print("POST", "/a", r#"{"x":["1","2"]}"#),
        print("POST", "/a", r#"{"x":["2",1]}"#),
    ] {
        assert_ne!(base, other);
    }
    let mut headers = HeaderMap::new();
    assert_eq!(key_of(&headers).unwrap(), None);
    headers.append(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
    assert_eq!(key_of(&headers).unwrap(), Key::parse("a"));
    headers.append(IDEMPOTENCY_KEY, HeaderValue::from_static("b"));
    assert_eq!(key_of(&headers).unwrap_err().kind(), Kind::MalformedRequest);
}
