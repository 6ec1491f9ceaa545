//! A business with a record of every kind that a path can name.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Operation;
use super::api::{Answer, Api, Ask};
use crate::clinic;

/// The password of everybody here.
pub const PASSWORD: &str = "Copper-Otter-7-Lighthouses";
/// What the calendar signs with.
pub const CALCOM_SECRET: &str = "calendar-secret-of-tests";
/// The auth token of its account for messages.
pub const TWILIO_TOKEN: &str = "twilio-token-of-the-contract";
/// What the other calendar signs with.
pub const CALENDLY_KEY: &str = "calendly-signing-key-of-tests";
/// What the voice provider signs with.
pub const RETELL_KEY: &str = "key_of_contract_tests";

/// The examples of the document lie in the two months after this Tuesday morning.
#[must_use]
pub fn morning() -> DateTime<Utc> {
    "2027-01-12T09:00:00Z".parse().expect("an instant")
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    pub email: String,
    pub tenant: String,
    pub user: String,
    pub token: String,
    /// All that they may do, as sign-in said.
    pub permissions: Vec<String>,
}

/// A business.
#[derive(Debug)]
pub struct World {
    pub api: Api,
    pub admin: Person,
    slug: String,
    made: std::sync::atomic::AtomicUsize,
}

impl World {
    /// Signs a salon up, connected with both providers. Names and numbers follow from `slug`.
    pub async fn sign_up(api: &Api, slug: &str) -> Self {
        let email = format!("owner@{slug}.example");
        let body = json!({
            "business_name": format!("Salon {slug}"), "business_type": "salon",
            "admin": { "full_name": "Wilma Stone", "email": email, "password": PASSWORD },
        });
        let answer = api
            .send(&Ask::new("POST", "/api/tenants").json(&body))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let admin = sign_in(api, &email).await;
        let world = Self {
            api: api.clone(),
            admin,
            slug: slug.to_owned(),
            made: std::sync::atomic::AtomicUsize::new(0),
        };
        let integrations = json!({
            "retell": { "agent_id": "agent_contract", "from_number": "+442079460199", "api_key": RETELL_KEY },
            "calcom": { "enabled": true, "api_key": "cal_contract_tests", "webhook_secret": CALCOM_SECRET,
                        "organizer_email": format!("desk@{slug}.example") },
            "twilio": { "enabled": true, "account_sid": format!("AC{}", "a".repeat(32)), "auth_token": TWILIO_TOKEN,
                        "from_number": "+447700153842" },
            "calendly": { "enabled": true, "api_key": format!("calendly_of_{slug}"), "webhook_signing_key": CALENDLY_KEY,
                          "organizer_email": format!("desk@{slug}.example") },
            "email": { "enabled": true, "reply_to": format!("desk@{slug}.example") },
        });
        world
            .ok("PATCH", "/api/settings/integrations", Some(&integrations))
            .await;
        world
    }

    /// Adds somebody to the team, signed in; the rest of `member` is what they are.
    pub async fn colleague(&self, name: &str, member: Value) -> Person {
        let email = format!("{name}@{}.example", self.slug);
        let mut body = member;
        body["full_name"] = json!("Fred Flint");
        body["email"] = json!(email);
        body["password"] = json!(PASSWORD);
        self.ok("POST", "/api/team", Some(&body)).await;
        sign_in(&self.api, &email).await
    }

    /// A request of the administrator that succeeds.
    pub async fn ok(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let mut ask = Ask::new(method, path).token(&self.admin.token);
        if let Some(body) = body {
            ask = ask.json(body);
        }
        let answer = self.api.send(&ask).await;
        assert!(
            answer.status.is_success(),
            "{method} {path}: {} {}",
            answer.status,
            answer.text
        );
        answer.json()
    }

    /// A new contact with an appointment and a planned call, looked after by `assigned_to`.
    pub async fn contact(&self, assigned_to: &str, more: Value) -> Value {
        let at = self.made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut body = json!({
            "name": clinic::name(at), "phone": clinic::phone(at), "assigned_to": assigned_to,
            "appointment_time": "2027-01-20T10:30", "on_duplicate": "create_new",
            "preferences": { "sms_opt_in": true },
        });
        for (name, value) in more.as_object().expect("fields") {
            body[name] = value.clone();
        }
        self.ok("POST", "/api/contacts", Some(&body)).await
    }

    /// A new record of the kind that the parameter of a path names, of a contact that `whose` looks after, where it is
    /// about a contact; its id. Errs where nobody has said here how one is made.
    async fn fresh(
        &self,
        path: &str,
        parameter: &str,
        whose: &Person,
        before: &[String],
    ) -> Result<String, String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let assigned = whose.user.as_str();
        let at = self.made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let id = match (parameter, path) {
            ("group_id", path) if path.ends_with("/call-all") => {
                let contact = self.contact(assigned, json!({})).await;
                let body = json!({ "name": format!("Group {at}"), "initial_contact_ids": [contact["id"]] });
                text(&self.ok("POST", "/api/groups", Some(&body)).await["id"])
            }
            // Somebody is in it.
            ("group_id", path) if path.ends_with("/bulk-operations") => {
                let contact = self.contact(assigned, json!({})).await;
                let body = json!({ "name": format!("Group {at}"), "initial_contact_ids": [contact["id"]] });
                text(&self.ok("POST", "/api/groups", Some(&body)).await["id"])
            }
            // The one whose name the example types.
            ("group_id", path) if path.ends_with("/members/clear") => {
                let known = self.ok("GET", "/api/groups?search=VIP+Clients", None).await;
                match text(&known["groups"][0]["id"]) {
                    Some(id) => Some(id),
                    None => {
                        let body = json!({ "name": "VIP Clients" });
                        text(&self.ok("POST", "/api/groups", Some(&body)).await["id"])
                    }
                }
            }
            // One whose members have just come.
            ("group_id", path) if path.ends_with("/members/undo") => {
                let contact = self.contact(assigned, json!({})).await;
                let body = json!({ "name": format!("Group {at}") });
                let id = text(&self.ok("POST", "/api/groups", Some(&body)).await["id"]);
                let path = format!(
                    "/api/groups/{}/members/bulk-add",
                    id.as_deref().expect("an id")
                );
                let body = json!({ "contact_ids": [contact["id"]] });
                self.ok("POST", &path, Some(&body)).await;
                id
            }
            ("group_id", _) => {
                let body = json!({ "name": format!("Group {at}") });
                text(&self.ok("POST", "/api/groups", Some(&body)).await["id"])
            }
            ("contact_id", path) if path.starts_with("/api/groups/{group_id}/") => {
                let member = json!({ "group_ids": before });
                text(&self.contact(assigned, member).await["id"])
            }
            ("contact_id", path) if path.ends_with("/send-email") => {
                text(&self.contact(assigned, reader(at)).await["id"])
            }
            // As it stands in an e-mail.
            ("token", _) => {
                let contact = self.contact(assigned, reader(at)).await;
                let path = format!(
                    "/api/contacts/{}/send-email",
                    contact["id"].as_str().expect("an id")
                );
                let body = json!({ "subject": "Hello", "message": "We open late." });
                self.ok("POST", &path, Some(&body)).await;
                self.unsubscribe_token(&contact["email"]).await
            }
            ("contact_id", _) => text(&self.contact(assigned, json!({})).await["id"]),
            ("appointment_id", _) => {
                text(&self.contact(assigned, json!({})).await["appointment_id"])
            }
            ("location_id", _) => {
                let body = json!({ "name": format!("Branch {at}") });
                text(&self.ok("POST", "/api/locations", Some(&body)).await["id"])
            }
            // Nobody listens there.
            ("outgoing_webhook_id", _) => {
                let body = json!({ "url": format!("http://127.0.0.1:9/{at}"), "events": ["call.finished"] });
                self.end_old_webhooks().await;
                text(&self.ok("POST", "/api/outgoing-webhooks", Some(&body)).await["id"])
            }
            ("tag_id", _) => {
                let body = json!({ "name": format!("tag {at}") });
                text(&self.ok("POST", "/api/tags", Some(&body)).await["id"])
            }
            // Everybody has their own.
            ("saved_filter_id", _) => {
                let mut token = &self.admin.token;
                if whose.permissions.iter().any(|may| may == "view_contacts") {
                    token = &whose.token;
                }
                let body =
                    json!({ "name": format!("Filter {at}"), "filters": { "call": "due_today" } });
                let ask = Ask::new("POST", "/api/saved-filters").token(token);
                text(&self.api.send(&ask.json(&body)).await.json()["id"])
            }
            // One who has not accepted yet; else one who is here.
            ("user_id", path) => {
                let mut member = json!({
                    "full_name": "Vera Vale", "email": format!("member{at}@{}.example", self.slug), "role": "client_user",
                });
                if !path.ends_with("/invite") {
                    member["password"] = json!(PASSWORD);
                }
                text(&self.ok("POST", "/api/team", Some(&member)).await["id"])
            }
            ("dnc_id", _) => {
                let body = json!({ "phone": clinic::phone(4_000 + at) });
                text(&self.ok("POST", "/api/dnc", Some(&body)).await["dnc_id"])
            }
            ("attention_id", _) => {
                // By a way that leads nowhere.
                let mail = json!({
                    "preferred_contact_method": "email", "preferences": { "email_opt_in": true },
                });
                let contact = self.contact(assigned, mail).await;
                let list = self.ok("GET", "/api/attention?page_size=100", None).await;
                find(&list["attention"], &contact["id"], |entry| {
                    &entry["contact"]["id"]
                })
                .and_then(|entry| text(&entry["attention_id"]))
            }
            ("session_id", path) if path.starts_with("/api/auth/") => {
                let other = sign_in(&self.api, &whose.email).await;
                let ask = Ask::new("GET", "/api/auth/sessions").token(&other.token);
                let list = self.api.send(&ask).await.json();
                find(&list["sessions"], &json!(true), |device| &device["current"])
                    .and_then(|device| text(&device["id"]))
            }
            ("session_id", _) => {
                let contact = self.contact(assigned, json!({})).await;
                let list = self.ok("GET", "/api/calls?page_size=100", None).await;
                find(&list["calls"], &contact["id"], |call| &call["contact_id"])
                    .and_then(|call| text(&call["session_id"]))
            }
            // One that waits for its day; resumed is one that was held. Five may run, so earlier ones make room.
            ("campaign_id", path) => {
                self.end_old_campaigns().await;
                let contact = self.contact(assigned, json!({})).await;
                let body = json!({
                    "contact_ids": [contact["id"]], "call_timing": "scheduled",
                    "scheduled_datetime": morning() + chrono::TimeDelta::days(5),
                });
                let id = text(&self.ok("POST", "/api/campaigns", Some(&body)).await["campaign_id"]);
                if let (Some(id), true) = (&id, path.ends_with("/resume")) {
                    let pause = format!("/api/groups/campaigns/{id}/pause");
                    self.ok("POST", &pause, Some(&json!({}))).await;
                }
                id
            }
            // Enough contacts with one type suggest a group.
            ("suggestion_id", _) => {
                for _ in 0..5 {
                    let kind = json!({ "appointment_type": format!("Kind {at}") });
                    self.contact(assigned, kind).await;
                }
                let all = self.ok("GET", "/api/groups/suggestions", None).await;
                let wanted = json!(format!("Kind {at} Clients"));
                find(&all["suggestions"], &wanted, |one| &one["suggested_name"])
                    .and_then(|one| text(&one["id"]))
            }
            ("ids", _) => text(&self.contact(assigned, json!({})).await["id"]),
            // One that can be undone.
            ("job_id", path) if path.ends_with("/undo") => {
                let contact = self.contact(assigned, json!({})).await;
                let body = json!({
                    "operation": "edit", "selection": { "ids": [contact["id"]] },
                    "field_updates": { "priority": "high" },
                });
                text(&self.ok("POST", "/api/contacts/bulk", Some(&body)).await["job_id"])
            }
            // One that waits for the rest of its file: nothing happens to it meanwhile.
            ("job_id", _) => {
                let body = json!({ "csv": format!("phone\n{}\n", clinic::phone(6_000 + at)), "more": true });
                text(&self.ok("POST", "/api/dnc/import", Some(&body)).await["job_id"])
            }
            ("endpoint_id", path) => {
                let provider = if path.contains("calcom") {
                    "calcom"
                } else if path.contains("calendly") {
                    "calendly"
                } else if path.contains("/sms/") {
                    "twilio"
                } else {
                    "retell"
                };
                let all = self.ok("GET", "/api/settings/integrations", None).await;
                let url = text(&all[provider]["webhook_url"]);
                url.and_then(|url| url.rsplit('/').next().map(str::to_owned))
            }
            _ => {
                return Err(format!(
                    "there is no way to make what {{{parameter}}} of {path} names: add one to World::fresh"
                ));
            }
        };
        id.ok_or_else(|| format!("no {parameter} for {path} was made"))
    }

    /// The token in the e-mail that went out to an address; None where none did within ten seconds.
    async fn unsubscribe_token(&self, to: &Value) -> Option<String> {
        for _ in 0..200 {
            let ask = Ask::new("GET", "/dev/outbox?channel=email");
            let outbox = self.api.send(&ask).await.json();
            if let Some(mail) = find(&outbox["messages"], to, |mail| &mail["to"]) {
                let link = mail["headers"]["List-Unsubscribe"].as_str()?;
                return link
                    .trim_matches(['<', '>'])
                    .rsplit('/')
                    .next()
                    .map(str::to_owned);
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        None
    }

    /// Removes all addresses but the last few: ten may be there.
    async fn end_old_webhooks(&self) {
        let all = self.ok("GET", "/api/outgoing-webhooks", None).await;
        let there = all["outgoing_webhooks"].as_array().expect("a list");
        for old in there.iter().rev().skip(6) {
            let path = format!(
                "/api/outgoing-webhooks/{}",
                old["id"].as_str().expect("an id")
            );
            let ask = Ask::new("DELETE", &path).token(&self.admin.token);
            self.api.send(&ask).await;
        }
    }

    /// Cancels all campaigns but the last two.
    async fn end_old_campaigns(&self) {
        let all = self.ok("GET", "/api/groups/campaigns", None).await;
        let campaigns = all["campaigns"].as_array().expect("a list");
        let running = campaigns
            .iter()
            .filter(|one| one["status"] != "cancelled" && one["status"] != "completed");
        for old in running.skip(2) {
            let id = old["campaign_id"].as_str().expect("an id");
            let path = format!("/api/groups/campaigns/{id}/cancel");
            self.ok("POST", &path, Some(&json!({}))).await;
        }
    }

    /// An operation's example, the ids in it replaced by those of records that are there.
    pub async fn example(
        &self,
        operation: &Operation,
        whose: &Person,
    ) -> Result<Option<Value>, String> {
        let Some(mut body) = operation.body_example() else {
            return Ok(None);
        };
        if !operation.needs_session() {
            return Ok(Some(body)); // what is signed comes from elsewhere, and names what is there
        }
        let mut places = Vec::new();
        stand_ins(&body, "", &mut places);
        for (pointer, noun) in places {
            let id = match noun.as_str() {
                "assigned_to" | "visible_to" => whose.user.clone(),
                noun => self.fresh(&operation.path, noun, whose, &[]).await?,
            };
            if let Some(place) = body.pointer_mut(&pointer) {
                *place = json!(id);
            }
        }
        Ok(Some(body))
    }

    /// Values for all parameters in a path, made anew.
    pub async fn values(
        &self,
        path: &str,
        names: &[String],
        whose: &Person,
    ) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        for name in names {
            let value = self.fresh(path, name, whose, &values).await?;
            values.push(value);
        }
        Ok(values)
    }
}

/// What stands for an id in the examples of the document.
const STAND_IN: &str = "0192f0c1-2b3c-7def-8abc-";

/// Where ids stand in for others, and the name of what they are ids of: `contact_ids` holds those of contacts.
fn stand_ins(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if text.starts_with(STAND_IN) => {
            let field = at.split('/').rfind(|part| part.parse::<usize>().is_err());
            let noun = field.unwrap_or_default().replace("_ids", "_id");
            found.push((at.to_owned(), noun));
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                stand_ins(item, &format!("{at}/{n}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                stand_ins(field, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

fn find<'a>(list: &'a Value, wanted: &Value, by: impl Fn(&Value) -> &Value) -> Option<&'a Value> {
    let mut entries = list.as_array()?.iter();
    entries.find(|entry| by(entry) == wanted)
}

/// Signs somebody in.
pub async fn sign_in(api: &Api, email: &str) -> Person {
    let answer = try_sign_in(api, email, PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let permissions = body["user"]["permissions"].as_array().expect("permissions");
    Person {
        email: email.to_owned(),
        tenant: text(&body["user"]["tenant_id"]),
        user: text(&body["user"]["id"]),
        token: text(&body["access_token"]),
        permissions: permissions.iter().map(text).collect(),
    }
}

/// The answer to a sign-in.
pub async fn try_sign_in(api: &Api, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    api.send(&Ask::new("POST", "/api/auth/sign-in").json(&body))
        .await
}

/// What somebody has who takes e-mails.
fn reader(at: usize) -> Value {
    json!({ "email": format!("{at}@mail.example"), "preferences": { "email_opt_in": true } })
}
