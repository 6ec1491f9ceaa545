//! Lists of several processes compared with a plain look at every record: random edits, snapshots written and read at any
//! time, a bucket that fails, a stale index, processes that begin anew.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;
use vio_domain::appointment::{self, AppointmentStatus};
use vio_store::contacts::Person;
use vio_store::objects::Fault;

use crate::support::{Process, SOON, World, contact, ids, numbered};

/// SplitMix64: the same seed, the same run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    }
}

struct Run {
    world: World,
    chance: Chance,
    made: Vec<String>,
    groups: Vec<String>,
    processes: Vec<Process>,
    token: String,
}

impl Run {
    async fn new(seed: u64) -> Self {
        let world = World::saving().await;
        let groups = vec![
            world.group("One", json!({})).await,
            world.group("Two", json!({})).await,
        ];
        let processes = vec![world.another(), world.another()];
        let token = world.token().to_owned();
        Self {
            chance: Chance(seed),
            made: Vec::new(),
            groups,
            processes,
            token,
            world,
        }
    }

    async fn edit(&mut self) {
        let server = &self.world.first.server;
        let next = self.made.len() as u32;
        let pick = self.chance.below(10);
        if self.made.is_empty() || pick < 3 {
            let mut body = numbered(next);
            if self.chance.below(2) == 0 {
                body["appointment_time"] = json!(SOON);
            }
            if self.chance.below(3) == 0 {
                body["group_ids"] = json!([self.groups[self.chance.below(2)]]);
            }
            self.made.push(self.world.made(body).await);
            return;
        }
        let id = self.made[self.chance.below(self.made.len())].clone();
        let group = self.groups[self.chance.below(2)].clone();
        let path = format!("/api/contacts/{id}");
        match pick {
            3 => drop(server.delete(&path, &self.token).await),
            4 => {
                let path = format!("{path}/restore");
                server.post(&path, &self.token, json!({})).await;
            }
            5 => {
                let path = format!("/api/groups/{group}/members/add");
                let body = json!({ "contact_ids": [id] });
                server.post(&path, &self.token, body).await;
            }
            6 => {
                let path = format!("/api/groups/{group}/members/{id}");
                server.delete(&path, &self.token).await;
            }
            7 => {
                let body = json!({ "appointment_time": "2026-03-12T11:00" });
                server.patch(&path, &self.token, body).await;
            }
            8 => {
                let status = ["confirmed", "cancelled", "pending"][self.chance.below(3)];
                let body = json!({ "appointment_status": status, "reason": "asked" });
                server.patch(&path, &self.token, body).await;
            }
            _ => {
                let name = ["Ada Violet", "Ben Umber", "Cleo Sienna"][self.chance.below(3)];
                server
                    .patch(&path, &self.token, json!({ "name": name }))
                    .await;
            }
        }
    }

    async fn disturb(&mut self) {
        let table = &self.world.first.app.table;
        match self.chance.below(8) {
            0 => self.world.objects.fail(Fault::LostRequest),
            1 => self.world.objects.fail(Fault::LostAnswer),
            2 | 3 => self.world.objects.fail(Fault::None),
            4 => table.freeze_indexes(),
            5 => table.thaw_indexes(),
            6 => {
                // A process ends, whatever it was doing, and another begins.
                self.world.objects.fail(Fault::None);
                let at = self.chance.below(self.processes.len());
                self.processes[at] = self.world.another();
            }
            _ => {
                let seconds = [1, 7, 45][self.chance.below(3)];
                self.world.first.app.advance(TimeDelta::seconds(seconds));
            }
        }
    }

    /// Everybody who is there, read one by one.
    async fn records(&self) -> Vec<(String, Person)> {
        let mut all = Vec::new();
        for id in &self.made {
            let person = self.world.tenant.store.person(contact(id)).await.unwrap();
            let person = person.filter(|person| person.contact.deleted.is_none());
            all.extend(person.map(|person| (id.clone(), person)));
        }
        all
    }

    async fn compare(&mut self, step: usize) {
        self.world.objects.fail(Fault::None);
        let records = self.records().await;
        let now = self.world.tenant.store.now();
        let status = |person: &Person| {
            appointment::current(&person.appointments, now)
                .map(|a| a.status)
                .unwrap_or_default()
        };
        let group = self.groups[0].parse().unwrap();
        let wanted = |holds: &dyn Fn(&Person) -> bool| -> BTreeSet<String> {
            let held = records.iter().filter(|(_, person)| holds(person));
            held.map(|(id, _)| id.clone()).collect()
        };
        let cases = [
            ("page_size=100".to_owned(), wanted(&|_| true)),
            (
                "page_size=100&status=confirmed".to_owned(),
                wanted(&|p| status(p) == AppointmentStatus::Confirmed),
            ),
            (
                format!("page_size=100&group_ids={}", self.groups[0]),
                wanted(&|p| p.contact.group_ids.contains(&group)),
            ),
            (
                "page_size=100&ungrouped=true".to_owned(),
                wanted(&|p| p.contact.group_ids.is_empty()),
            ),
            (
                "page_size=100&search=violet".to_owned(),
                wanted(&|p| p.contact.name.as_str().contains("Violet")),
            ),
            (
                "page_size=100&call=scheduled".to_owned(),
                wanted(&|p| p.next_call_at().is_some_and(|at| at > now)),
            ),
        ];
        for (at, process) in self.processes.iter().enumerate() {
            for (query, wanted) in &cases {
                let answer = process.get(query, &self.token).await;
                let found: BTreeSet<String> = ids(&answer).into_iter().collect();
                assert_eq!(&found, wanted, "step {step}, process {at}, {query}");
                assert_eq!(answer.body["facets"]["total"], wanted.len());
            }
        }
    }
}

async fn run(seed: u64, steps: usize) {
    let mut run = Run::new(seed).await;
    for step in 0..steps {
        run.edit().await;
        if run.chance.below(3) == 0 {
            run.disturb().await;
        }
        if run.chance.below(4) == 0 {
            run.compare(step).await;
        }
    }
    run.compare(steps).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_what_the_records_say() {
    for seed in 1..=3 {
        run(seed, 50).await;
    }
}
