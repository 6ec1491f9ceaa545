//! Create, read and patch of a contact over HTTP, by one client and by eight, and the same on a Node server that keeps
//! the same JSON in the same embedded DynamoDB and does nothing else.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures::future::try_join_all;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::stats::Summary;
use crate::{BenchError, Context};

/// How long a server may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Requests by one client of each kind before any is measured.
const WARM_UP: usize = 20;
/// Requests of each kind by one client alone. With the others it stays below a tenant's 1,000 a minute (S0).
const ALONE: usize = 250;
/// Requests of each kind by each of several clients, each with a tenant of its own.
const TOGETHER: usize = 100;
const _: () = assert!(3 * (WARM_UP + ALONE) < 1000 && TOGETHER < ALONE);
/// Clients at once.
pub const CLIENTS: usize = 8;

/// A server process that says where it listens. Killed when dropped.
pub struct Server {
    url: String,
    child: Child,
}

impl Server {
    /// Starts `command` and waits for its line `ready http://…`.
    pub async fn start(mut command: Command) -> Result<Self, BenchError> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("starting the server")?;
        let out = child.stdout.take();
        let out = out.ok_or_else(|| BenchError::new("a server without output"))?;
        let mut lines = BufReader::new(out).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await.context("reading its output")? {
                if let Some(url) = line.trim().strip_prefix("ready ") {
                    return Ok(url.trim_end_matches('/').to_owned());
                }
            }
            Err(BenchError::new("the server ended before it was ready"))
        };
        let url = tokio::time::timeout(READY_WITHIN, ready)
            .await
            .context("the server was not ready in time")??;
        // What it says later is read, so that it is never stopped by a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { url, child })
    }

    /// The local host, keeping nothing and seeding nothing.
    pub async fn local_host(binary: &Path) -> Result<Self, BenchError> {
        let mut command = Command::new(binary);
        command.args(["--listen", "127.0.0.1:0", "--ephemeral", "--seed", "none"]);
        command.env("RUST_LOG", "error");
        Self::start(command).await
    }

    /// The Node server, with its table at the services of `environment`.
    pub async fn node(
        script: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, BenchError> {
        let mut command = Command::new("node");
        command.arg(script).envs(environment);
        Self::start(command).await
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub async fn end(mut self) {
        let _ = self.child.kill().await;
    }
}

/// Figures of one server and one number of clients.
#[derive(Debug, Clone, Serialize)]
pub struct Latency {
    pub server: String,
    pub clients: usize,
    pub create: Option<Summary>,
    pub read: Option<Summary>,
    pub patch: Option<Summary>,
}

#[derive(Default)]
struct Series {
    create: Vec<Duration>,
    read: Vec<Duration>,
    patch: Vec<Duration>,
}

/// One client: its connection, the prefix of its paths, and its token where the server asks for one.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// So that no two contacts share a name or a number.
    number: usize,
}

impl Client {
    pub(crate) fn new(
        base: String,
        token: Option<String>,
        number: usize,
    ) -> Result<Self, BenchError> {
        let http = reqwest::Client::builder().tcp_nodelay(true).build();
        Ok(Self {
            http: http.context("an HTTP client")?,
            base,
            token,
            number,
        })
    }

    /// Answers the body, and the time until all of it was there.
    pub(crate) async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(Value, Duration), BenchError> {
        let (bytes, took) = self.bytes(method, path, body).await?;
        let answer = serde_json::from_slice(&bytes).context(path.to_owned())?;
        Ok((answer, took))
    }

    /// What a read takes. The answer is not looked into: where client and server share the processors, that is time that
    /// the next request waits.
    pub(crate) async fn timed(&self, path: &str) -> Result<Duration, BenchError> {
        let (_, took) = self.bytes(reqwest::Method::GET, path, None).await?;
        Ok(took)
    }

    async fn bytes(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(Bytes, Duration), BenchError> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let begun = Instant::now();
        let answer = request.send().await.context(path.to_owned())?;
        let status = answer.status();
        let bytes = answer.bytes().await.context(path.to_owned())?;
        let took = begun.elapsed();
        if !status.is_success() {
            let said = String::from_utf8_lossy(&bytes);
            return Err(BenchError::new(format!("{path}: {status}: {said}")));
        }
        Ok((bytes, took))
    }

    async fn run(&self, count: usize) -> Result<Series, BenchError> {
        use reqwest::Method;
        let mut series = Series::default();
        for i in 0..WARM_UP.min(count) + count {
            let counted = i >= WARM_UP.min(count);
            let body = contact(self.number * 10_000 + i);
            let (made, create) = self.send(Method::POST, "/contacts", Some(&body)).await?;
            let id = made.get("id").and_then(Value::as_str);
            let id = id.ok_or_else(|| BenchError::new("a contact without an id"))?;
            let path = format!("/contacts/{id}");
            let (_, read) = self.send(Method::GET, &path, None).await?;
            let change = json!({ "notes": "Asked for a quiet room." });
            let (_, patch) = self.send(Method::PATCH, &path, Some(&change)).await?;
            if counted {
                series.create.push(create);
                series.read.push(read);
                series.patch.push(patch);
            }
        }
        Ok(series)
    }
}

/// A contact with an appointment in a few days: about half a kilobyte. The number makes name, phone and e-mail its own.
pub fn contact(number: usize) -> Value {
    const FIRST: [&str; 8] = [
        "Ada", "Brigid", "Chidi", "Dilys", "Esme", "Farid", "Gwen", "Hamza",
    ];
    let letters = |n: usize| -> String {
        let digits = [n / 17_576 % 26, n / 676 % 26, n / 26 % 26, n % 26];
        digits.iter().map(|d| char::from(b'a' + *d as u8)).collect()
    };
    let day = chrono::Utc::now().date_naive() + chrono::TimeDelta::days(3 + (number % 5) as i64);
    json!({
        "name": format!("{} Q{}", FIRST[number % FIRST.len()], letters(number)),
        "phone": format!("+4474{:08}", number % 100_000_000),
        "email": format!("person{number}@example.com"),
        "appointment_time": format!("{day}T{:02}:30:00Z", 9 + number % 8),
        "appointment_duration": 30,
        "owner_name": "Dr Priya Natarajan",
        "special_instructions": "Please arrive ten minutes early and bring your current glasses.",
        "notes": "Prefers mornings. Parks in the street behind the building; may be a little late when it rains.",
        "tags": ["recall"],
    })
}

/// Both loads on one server. `base` is the address with the prefix of paths; there is one token for each client, if any.
async fn load(
    server: &str,
    base: &str,
    tokens: &[Option<String>],
) -> Result<Vec<Latency>, BenchError> {
    let client = |i: usize| Client::new(base.to_owned(), tokens.get(i).cloned().flatten(), i);
    let alone = client(0)?.run(ALONE).await?;
    let together: Vec<Client> = (1..=CLIENTS).map(client).collect::<Result<_, _>>()?;
    let together = try_join_all(together.iter().map(|client| client.run(TOGETHER))).await?;
    let mut all = Series::default();
    for series in together {
        all.create.extend(series.create);
        all.read.extend(series.read);
        all.patch.extend(series.patch);
    }
    let figures = |clients, series: &Series| Latency {
        server: server.to_owned(),
        clients,
        create: Summary::of(&series.create),
        read: Summary::of(&series.read),
        patch: Summary::of(&series.patch),
    };
    Ok(vec![figures(1, &alone), figures(CLIENTS, &all)])
}

/// The local host: one tenant for each client.
pub async fn local_host(binary: &Path) -> Result<Vec<Latency>, BenchError> {
    let server = Server::local_host(binary).await?;
    let base = format!("{}/api", server.url());
    let mut tokens = Vec::new();
    for i in 0..=CLIENTS {
        tokens.push(Some(signed_in(&base, i).await?));
    }
    let figures = load("local host", &base, &tokens).await;
    server.end().await;
    figures
}

/// Signs a business up, and its administrator in: the access token.
pub(crate) async fn signed_in(base: &str, number: usize) -> Result<String, BenchError> {
    let nobody = Client::new(base.to_owned(), None, number)?;
    let sign_up = sign_up(&number.to_string());
    nobody
        .send(reqwest::Method::POST, "/tenants", Some(&sign_up))
        .await?;
    signed_in_again(base, number).await
}

/// Signs the administrator of a business in that was signed up: a session lasts less than what is measured may.
pub(crate) async fn signed_in_again(base: &str, number: usize) -> Result<String, BenchError> {
    let nobody = Client::new(base.to_owned(), None, number)?;
    let (answer, _) = nobody
        .send(
            reqwest::Method::POST,
            "/auth/sign-in",
            Some(&credentials(&number.to_string())),
        )
        .await?;
    let token = answer.get("access_token").and_then(Value::as_str);
    Ok(token
        .ok_or_else(|| BenchError::new("no access token"))?
        .to_owned())
}

/// Body of a sign-up of a business that is not medical: no checklist stands before its calls.
pub fn sign_up(which: &str) -> Value {
    let Value::Object(mut admin) = credentials(which) else {
        return Value::Null;
    };
    admin.insert("full_name".to_owned(), json!("Bench Admin"));
    json!({
        "business_name": format!("Bench {which}"),
        "business_type": "salon",
        "country": "GB",
        "timezone": "Europe/London",
        "admin": admin,
    })
}

/// Body of that business's sign-in.
pub fn credentials(which: &str) -> Value {
    json!({
        "email": format!("admin-{which}@bench.example.com"),
        "password": "Lantern-Orchard-58-Meridian",
    })
}

/// The Node server.
pub async fn node(
    script: &Path,
    environment: &BTreeMap<String, String>,
) -> Result<Vec<Latency>, BenchError> {
    let server = Server::node(script, environment).await?;
    let figures = load("Node put/get", server.url(), &[]).await;
    server.end().await;
    figures
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_contacts_of_a_run_are_alike() {
        let mut seen = BTreeSet::new();
        for client in 0..=CLIENTS {
            for i in 0..WARM_UP + ALONE {
                let contact = contact(client * 10_000 + i);
                for field in ["name", "phone", "email"] {
                    assert!(
                        seen.insert(contact[field].to_string()),
                        "{}",
                        contact[field]
                    );
                }
                assert_eq!(contact["phone"].as_str().unwrap().len(), 13);
            }
        }
    }
}
