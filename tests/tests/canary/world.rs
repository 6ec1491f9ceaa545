//! The product as a process, at the most verbose level there is, and its provider beyond a wire that is listened to.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vio_tests::process::free_port;
use vio_tests::time::{quiet_tuesday, text};
use vio_tests::{Process, SandboxClient};

use crate::coverage::Coverage;
use crate::words::{AGENT, NEXT_PASSWORD, OWNER, PASSWORD, RETELL_KEY, WORD, is_canary, phone};

/// Everything that is started, and what was seen on the way.
pub(crate) struct World {
    host: Option<Process>,
    _sandbox: Process,
    pub(crate) sandbox: SandboxClient,
    wire: Arc<Mutex<Vec<u8>>>,
    pub(crate) morning: DateTime<Utc>,
    pub(crate) client: Client,
    /// Last: a process that ends by a failed test shows its log, which lies in there.
    directory: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        // The provider is told names and numbers: what it keeps lies outside of what is searched.
        let outside = directory.path().join("provider.log");
        let at = format!("127.0.0.1:{}", free_port());
        let arguments = [
            "--listen",
            &at,
            "--key",
            RETELL_KEY,
            "--agent",
            AGENT,
            "--number",
            phone::FROM,
        ];
        let mut provider = Process::spawn("vio-sandbox", &arguments, &[], &outside);
        let provider_url = provider.ready().await.expect("a sandbox");
        let wire = Arc::default();
        let retell_url = listened(&provider_url, Arc::clone(&wire)).await;

        let data = directory.path().join("data");
        let listen = format!("127.0.0.1:{}", free_port());
        let arguments = [
            "--listen",
            &listen,
            "--data",
            data.to_str().expect("a path"),
            "--retell-url",
            &retell_url,
        ];
        let log = directory.path().join("product.log");
        let mut host = Process::spawn("vio-local", &arguments, &[("RUST_LOG", "trace")], &log);
        let base = host.ready().await.expect("the product");

        let morning = quiet_tuesday(Utc::now());
        let sandbox = SandboxClient::new(&provider_url);
        sandbox.move_clock(morning).await;
        let client = Client::new(&base).await;
        let (status, _) = client
            .send(
                Method::POST,
                "/dev/clock",
                &[],
                Some(&json!({ "now": text(morning) })),
            )
            .await;
        assert_eq!(status, StatusCode::OK);
        Self {
            directory,
            host: Some(host),
            _sandbox: provider,
            sandbox,
            wire,
            morning,
            client,
        }
    }

    /// Moves both clocks.
    pub(crate) async fn move_clock(&self, to: DateTime<Utc>) {
        self.sandbox.move_clock(to).await;
        let (status, answer) = self
            .client
            .send(
                Method::POST,
                "/dev/clock",
                &[],
                Some(&json!({ "now": text(to) })),
            )
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    /// Ends the product; what it said on standard output.
    pub(crate) async fn stop(&mut self) -> String {
        self.host.take().expect("a running product").stop().await
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.directory.path().join("product.log")
    }

    /// Method and URL of every request that reached the provider.
    pub(crate) fn urls(&self) -> Vec<String> {
        let bytes = self.wire.lock().expect("no panic");
        let text = String::from_utf8_lossy(&bytes);
        text.lines()
            .filter_map(|line| line.strip_suffix(" HTTP/1.1"))
            .map(|line| {
                // A request follows the body of the one before without a line's end.
                let start = ["GET /", "POST /", "PATCH /", "PUT /", "DELETE /"]
                    .iter()
                    .filter_map(|method| line.rfind(method))
                    .max();
                line[start.unwrap_or(0)..].to_owned()
            })
            .collect()
    }

    /// Every file of the object store.
    pub(crate) fn objects(&self) -> usize {
        fn count(folder: &Path) -> usize {
            let entries = std::fs::read_dir(folder).map(Iterator::collect::<Vec<_>>);
            let paths = entries
                .unwrap_or_default()
                .into_iter()
                .flatten()
                .map(|entry| entry.path());
            paths
                .map(|path| {
                    if path.is_dir() {
                        count(&path)
                    } else {
                        usize::from(!hidden(&path))
                    }
                })
                .sum()
        }
        fn hidden(path: &Path) -> bool {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'))
        }
        count(&self.data().join("aws/objects/vio-data/inbox"))
    }
}

/// A port in front of `url` that keeps what is sent to it.
async fn listened(url: &str, wire: Arc<Mutex<Vec<u8>>>) -> String {
    let there = url.strip_prefix("http://").expect("an address").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let here = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(&there).await.expect("the provider");
            let ((mut from_near, mut to_near), (mut from_far, mut to_far)) =
                (near.into_split(), far.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_far, &mut to_near).await });
            let wire = Arc::clone(&wire);
            tokio::spawn(async move {
                let mut part = [0; 16 * 1024];
                while let Ok(count @ 1..) = from_near.read(&mut part).await {
                    wire.lock()
                        .expect("no panic")
                        .extend_from_slice(&part[..count]);
                    if to_far.write_all(&part[..count]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("http://{here}")
}

/// The product over HTTP.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: tokio::sync::Mutex<Option<String>>,
    pub(crate) coverage: Mutex<Coverage>,
    /// Secrets that the product made: as much canaries as what was sent.
    secrets: Mutex<Vec<String>>,
    statuses: Mutex<std::collections::BTreeSet<u16>>,
}

impl Client {
    async fn new(base: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .user_agent(format!("{WORD} browser"))
            .build()
            .expect("a client");
        let document = http
            .get(format!("{base}/api/openapi.json"))
            .send()
            .await
            .expect("a document");
        let document = document.json().await.expect("JSON");
        Self {
            http,
            base: base.to_owned(),
            token: Default::default(),
            coverage: Mutex::new(Coverage::of(&document)),
            secrets: Mutex::default(),
            statuses: Mutex::default(),
        }
    }

    /// One request of anybody.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let raw = body.map(|body| body.to_string().into_bytes());
        self.send_raw(method, path, headers, raw).await
    }

    /// The same with a body that need not be JSON.
    pub(crate) async fn send_raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> (StatusCode, Value) {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let mut request = self.http.request(method, url);
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        for cookie in answer.headers().get_all("set-cookie") {
            let value = cookie
                .to_str()
                .expect("text")
                .split(';')
                .next()
                .expect("a value");
            self.keep(value.split_once('=').map_or("", |(_, value)| value));
        }
        let answer =
            serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or(Value::Null);
        for name in ["access_token", "refresh_token"] {
            self.keep(answer[name].as_str().unwrap_or_default());
        }
        self.statuses
            .lock()
            .expect("no panic")
            .insert(status.as_u16());
        (status, answer)
    }

    /// Of a token its end, which is its own: signatures and random bytes.
    fn keep(&self, secret: &str) {
        if secret.len() >= 20 {
            let mut all = self.secrets.lock().expect("no panic");
            all.push(secret[secret.len() - 20..].to_owned());
        }
    }

    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut all = self.secrets.lock().expect("no panic").clone();
        all.sort();
        all.dedup();
        all
    }

    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.statuses
            .lock()
            .expect("no panic")
            .iter()
            .copied()
            .collect()
    }

    async fn token(&self) -> String {
        let mut known = self.token.lock().await;
        if let Some(token) = &*known {
            return token.clone();
        }
        for password in [PASSWORD, NEXT_PASSWORD] {
            let body = json!({ "email": OWNER, "password": password });
            let (status, answer) = self
                .send(Method::POST, "/api/auth/sign-in", &[], Some(&body))
                .await;
            if status == StatusCode::OK {
                self.took(Method::POST, "/api/auth/sign-in", &body);
                let token = answer["access_token"].as_str().expect("a token").to_owned();
                return known.insert(token).clone();
            }
        }
        panic!("nobody can sign in");
    }

    fn took(&self, method: Method, path: &str, body: &Value) {
        let mut coverage = self.coverage.lock().expect("no panic");
        coverage.took(method.as_str(), path, body, &is_canary);
    }

    /// One request of the owner, who signs in again where the session has ended.
    pub(crate) async fn ask_raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> (StatusCode, Value) {
        let mut again = true;
        loop {
            let bearer = format!("Bearer {}", self.token().await);
            let mut all = vec![("authorization", bearer.as_str())];
            all.extend(headers);
            let (status, answer) = self
                .send_raw(method.clone(), path, &all, body.clone())
                .await;
            match status {
                StatusCode::UNAUTHORIZED if again => {
                    *self.token.lock().await = None;
                    again = false;
                }
                StatusCode::TOO_MANY_REQUESTS => {
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
                _ => return (status, answer),
            }
        }
    }

    /// One request of the owner with a JSON body.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let raw = body.map(|body| body.to_string().into_bytes());
        self.ask_raw(method, path, headers, raw).await
    }

    /// One request of the owner that must be taken; counts as coverage.
    pub(crate) async fn does(&self, method: Method, path: &str, body: Value) -> Value {
        let headers: &[_] = match method {
            Method::PUT | Method::PATCH => &[("if-match", "*")],
            _ => &[],
        };
        let (status, answer) = self.ask(method.clone(), path, headers, Some(&body)).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        if !path.starts_with("/dev") {
            self.took(method, path, &body);
        }
        answer
    }

    /// One request of nobody that must be taken; counts as coverage.
    pub(crate) async fn opens(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(Method::POST, path, &[], Some(&body)).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        self.took(Method::POST, path, &body);
        answer
    }

    /// A delivery that must be taken; counts as coverage.
    pub(crate) async fn delivers(&self, url: &str, headers: &[(&str, &str)], event: &Value) {
        let (status, answer) = self.send(Method::POST, url, headers, Some(event)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let path = url.strip_prefix(&self.base).expect("this host's address");
        self.took(Method::POST, path, event);
    }

    /// The same of a form, which is one text.
    pub(crate) async fn delivers_form(&self, url: &str, headers: &[(&str, &str)], form: &str) {
        let body = Some(form.as_bytes().to_vec());
        let (status, answer) = self.send_raw(Method::POST, url, headers, body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let path = url.strip_prefix(&self.base).expect("this host's address");
        self.took(Method::POST, path, &Value::from(form));
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask(Method::GET, path, &[], None).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }
}
