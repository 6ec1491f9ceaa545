//! Books people: one at a time mostly, at times many for the same hour, at times a second appointment.

use async_trait::async_trait;
use chrono::{DateTime, Datelike, TimeDelta, Utc, Weekday};
use http::Method;
use serde_json::{Value, json};

use super::{Actor, Scene};
use crate::world::Known;

#[derive(Default)]
pub(super) struct Booker {
    booked: u32,
    opened: bool,
}

/// Zones of people who live elsewhere.
const ELSEWHERE: [&str; 5] = [
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Sydney",
    "America/St_Johns",
];

fn name(number: u32) -> String {
    const PARTS: [&str; 16] = [
        "ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu",
        "za",
    ];
    let mut rest = number as usize + 17;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(PARTS[rest % 16]);
        rest /= 16;
    }
    format!("Ada {}{}", word[..1].to_uppercase(), &word[1..])
}

impl Booker {
    /// A local time on the hour or the half, at a business's hours, so many days ahead.
    fn time(scene: &mut Scene, days: i64) -> String {
        let now: DateTime<Utc> = scene.world.fabric.truth();
        let mut day = (now + TimeDelta::days(days))
            .with_timezone(&scene.site.zone)
            .date_naive();
        while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && scene.rng.chance(4, 5) {
            day = day.succ_opt().unwrap_or(day);
        }
        let hour = scene.rng.between(8, 18);
        let half = scene.rng.pick(&["00", "30", "15"]);
        format!("{day}T{hour:02}:{half}")
    }

    async fn book(&mut self, scene: &mut Scene, time: &str, ahead: u64) {
        self.booked += 1;
        let number = self.booked;
        let mut phone = format!("+4479122{:01}{:04}", scene.site.number, number);
        if scene.rng.chance(1, 8)
            && let Some(other) = scene.anybody()
        {
            // A household: another person, the same number.
            phone = other.phone;
        }
        let mut body = json!({
            "name": name(number), "phone": phone, "appointment_time": time, "appointment_duration": 30,
            "call_before_hours": ahead, "on_duplicate": "create_new",
        });
        if scene.rng.chance(5, 6) {
            body["voice_consent"] = json!({ "method": "verbal" });
        }
        if scene.world.plan.rough.meddling {
            body["priority"] = json!(scene.rng.pick(&["normal", "normal", "high", "urgent"]));
            if scene.rng.chance(1, 7) {
                body["preferences"] = json!({ "timezone": scene.rng.pick(&ELSEWHERE) });
            }
        }
        let answer = scene.ask(Method::POST, "/api/contacts", Some(body)).await;
        known(scene, answer, phone);
    }
}

/// Remembers who was booked.
fn known(scene: &Scene, answer: Option<Value>, phone: String) {
    let id = answer
        .as_ref()
        .and_then(|contact| contact["id"].as_str())
        .and_then(|id| id.parse().ok());
    if let Some(contact) = id {
        let mut people = scene.site.people.lock().unwrap();
        people.push(Known { contact, phone });
    }
}

#[async_trait]
impl Actor for Booker {
    fn name(&self) -> &'static str {
        "booker"
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        TimeDelta::minutes(scene.rng.between(8 * 60, 130 * 60))
    }

    async fn act(&mut self, scene: &mut Scene) {
        let limit = i64::from(scene.world.plan.numbers.limit);
        // A backlog: more than one window holds, all due at once.
        let many = !std::mem::replace(&mut self.opened, true) || scene.rng.chance(1, 9);
        if many {
            let days = scene.rng.between(2, 4);
            let time = Self::time(scene, days);
            for _ in 0..scene.rng.between(limit / 2 + 1, 2 * limit + 1).min(7) {
                self.book(scene, &time, 24).await;
            }
            return;
        }
        let days = *scene.rng.pick(&[0, 1, 1, 2, 3, 6, 9]);
        let time = Self::time(scene, days);
        let ahead = *scene.rng.pick(&[1, 4, 24, 24, 48, 168]);
        if scene.rng.chance(1, 7)
            && let Some(known) = scene.anybody()
        {
            let body: Value = json!({ "appointment_time": time, "call_before_hours": ahead });
            let path = format!("/api/contacts/{}/appointments", known.contact);
            scene.ask(Method::POST, &path, Some(body)).await;
            return;
        }
        self.book(scene, &time, ahead).await;
    }
}

/// Books so many people at once, for one time on the next day.
pub(super) struct Crowd {
    pub(super) count: u32,
}

#[async_trait]
impl Actor for Crowd {
    fn name(&self) -> &'static str {
        "crowd"
    }

    fn pause(&mut self, _: &mut Scene) -> TimeDelta {
        match self.count {
            0 => TimeDelta::days(1_000),
            _ => TimeDelta::seconds(1),
        }
    }

    async fn act(&mut self, scene: &mut Scene) {
        let tomorrow = scene.world.fabric.truth() + TimeDelta::hours(26);
        let local = tomorrow.with_timezone(&scene.site.zone);
        let time = local.format("%Y-%m-%dT%H:00").to_string();
        for number in 0..std::mem::take(&mut self.count) {
            // Where people meddle, there are households as well: one number in four is shared.
            let shared = scene.world.plan.rough.meddling && number % 4 == 3;
            let phone = format!("+44791220{:04}", if shared { number - 1 } else { number });
            let body = json!({
                "name": name(number), "phone": phone, "appointment_time": time, "call_before_hours": 24,
                "voice_consent": { "method": "verbal" }, "on_duplicate": "create_new",
            });
            let answer = scene.ask(Method::POST, "/api/contacts", Some(body)).await;
            known(scene, answer, phone);
        }
    }
}
