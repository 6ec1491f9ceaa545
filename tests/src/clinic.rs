//! A business of one's own, made through the API.

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::HostClient;
use crate::time::text;

/// What the voice provider knows the business by.
pub const AGENT: &str = "agent_tests";
/// Its number.
pub const FROM: &str = "+442079460199";
/// Its key.
pub const RETELL_KEY: &str = "key_tests";

const PASSWORD: &str = "Copper-Otter-7-Lighthouses";

/// Syllables of invented names: all different, so that nobody is taken for a duplicate.
const FIRST: [&str; 10] = [
    "Alba", "Bertil", "Carys", "Dorian", "Eluned", "Fergus", "Gwyneth", "Hadrian", "Iolanthe",
    "Jocasta",
];
const LAST: [&str; 10] = [
    "Abernathy",
    "Blackwood",
    "Crosthwaite",
    "Dunmore",
    "Ellingham",
    "Fotheringay",
    "Gatenby",
    "Hallewell",
    "Ingoldsby",
    "Jarrow",
];

/// A salon: nobody's consent is asked for, so that calls depend on nothing but time and limits.
#[derive(Debug)]
pub struct Clinic {
    pub client: HostClient,
}

impl Clinic {
    /// Signs a business up at the host and connects it with the voice provider.
    pub async fn sign_up(base: &str) -> Self {
        let email = "owner@tests.example";
        let body = json!({
            "business_name": "Copper Otter", "business_type": "salon", "country": "GB", "timezone": "Europe/London",
            "admin": { "full_name": "Wilma Stone", "email": email, "password": PASSWORD },
        });
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("an HTTP client");
        let request = http.post(format!("{base}/api/tenants")).json(&body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let said: Value = answer.json().await.unwrap_or(Value::Null);
        assert_eq!(status, StatusCode::CREATED, "sign-up: {said}");
        let client = HostClient::new(base, email, PASSWORD);
        let integrations =
            json!({ "retell": { "agent_id": AGENT, "from_number": FROM, "api_key": RETELL_KEY } });
        client
            .patch("/api/settings/integrations", &integrations)
            .await;
        Self { client }
    }

    /// Makes the contact number `at` with an appointment; the contact as answered.
    pub async fn contact(&self, at: usize, appointment: DateTime<Utc>) -> Value {
        self.contact_of(at, appointment, "normal").await
    }

    /// The same with a priority.
    pub async fn contact_of(&self, at: usize, appointment: DateTime<Utc>, priority: &str) -> Value {
        let body = json!({
            "priority": priority,
            "name": name(at), "phone": phone(at), "appointment_time": text(appointment),
            "timezone": "Europe/London", "on_duplicate": "create_new",
        });
        self.client.post("/api/contacts", &body).await
    }
}

/// The name of contact number `at`: another for each.
#[must_use]
pub fn name(at: usize) -> String {
    let mut rest = at / 100;
    let mut middle = String::new();
    while rest > 0 {
        middle.push_str(FIRST[rest % 10]);
        middle.push(' ');
        rest /= 10;
    }
    format!("{} {middle}{}", FIRST[at % 10], LAST[at / 10 % 10])
}

/// The number of contact number `at`, of those that Ofcom keeps for drama.
#[must_use]
pub fn phone(at: usize) -> String {
    const AREAS: [&str; 5] = [
        "+441134960",
        "+441144960",
        "+441164960",
        "+441174960",
        "+441184960",
    ];
    format!("{}{:03}", AREAS[at / 1000 % AREAS.len()], at % 1000)
}
