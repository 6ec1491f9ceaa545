//! Groups of a business of many contacts through the whole product (S2 "Performance Specifications"): the list of a
//! hundred and of five hundred, members of groups of a thousand and of ten thousand, one contact put into a
//! group.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use crate::BenchError;
use crate::latency::Client;
use crate::stats::Summary;
use crate::view::completed;

/// As many groups as S2 tests with, and of how many it says how long their list may take.
const MOST: usize = 500;
const FEW: usize = 100;
/// Members of the group whose list S2 bounds, and of a large one. A page has at most a hundred.
const MEMBERS: usize = 1_000;
const MANY: usize = 10_000;
const PAGE: usize = 100;
/// Contacts put into a group one by one.
const SINGLY: usize = 50;
/// Repetitions of a list.
const TIMES: usize = 20;

/// What groups took: what was measured, S2's bound in milliseconds, the figures.
#[derive(Debug, Clone, Serialize)]
pub struct Groups {
    pub lines: Vec<(String, f64, Summary)>,
    /// Seconds that putting ten thousand into one group took.
    pub filling: f64,
}

struct Business<'a> {
    client: &'a Client,
    lines: Vec<(String, f64, Summary)>,
}

impl Business<'_> {
    fn line(&mut self, name: &str, bound: f64, times: &[Duration]) {
        let summary = Summary::of(times);
        let line = summary.map(|summary| (name.to_owned(), bound, summary));
        self.lines.extend(line);
    }

    async fn asked(&mut self, name: &str, bound: f64, paths: &[String]) -> Result<(), BenchError> {
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let began = Instant::now();
            for path in paths {
                self.client.timed(path).await?;
            }
            times.push(began.elapsed());
        }
        self.line(name, bound, &times);
        Ok(())
    }

    async fn created(&self, number: usize) -> Result<Value, BenchError> {
        let body = json!({ "name": format!("Round {number}") });
        let (group, _) = self
            .client
            .send(Method::POST, "/groups", Some(&body))
            .await?;
        Ok(group)
    }

    async fn filled(&self, group: &str, members: &[String]) -> Result<Duration, BenchError> {
        let path = format!("/groups/{group}/members/bulk-add");
        let body = json!({ "contact_ids": members });
        let began = Instant::now();
        let (job, _) = self.client.send(Method::POST, &path, Some(&body)).await?;
        completed(self.client, &job["job"]).await?;
        Ok(began.elapsed())
    }
}

fn id(group: &Value) -> Result<String, BenchError> {
    let id = group["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| BenchError::new(format!("a group without an id: {group}")))
}

fn pages(group: &str, members: usize) -> Vec<String> {
    let path = |page| format!("/groups/{group}/members?page_size={PAGE}&page={page}");
    (1..=members.div_ceil(PAGE)).map(path).collect()
}

/// Makes groups of those contacts, at least ten thousand, and asks for them.
pub(crate) async fn measure(client: &Client, contacts: &[String]) -> Result<Groups, BenchError> {
    let some = |count: usize| contacts.get(..count).unwrap_or(contacts);
    let mut business = Business {
        client,
        lines: Vec::new(),
    };
    let members = id(&business.created(0).await?)?;
    let many = id(&business.created(1).await?)?;
    let lists = |groups: usize| {
        let path = |page| format!("/groups?page_size={PAGE}&page={page}");
        (1..=groups.div_ceil(PAGE)).map(path).collect::<Vec<_>>()
    };
    for number in 2..FEW {
        business.created(number).await?;
    }
    let list = lists(FEW);
    business.asked("100 groups", 500.0, &list).await?;
    for number in FEW..MOST {
        business.created(number).await?;
    }
    let list = lists(MOST);
    business
        .asked("500 groups, five pages", 500.0, &list)
        .await?;
    business.filled(&members, some(MEMBERS)).await?;
    let all = pages(&members, MEMBERS);
    business
        .asked("1,000 members, ten pages", 1_000.0, &all)
        .await?;
    let mut singly = Vec::with_capacity(SINGLY);
    for contact in contacts.iter().skip(MEMBERS).take(SINGLY) {
        let path = format!("/groups/{members}/members/add");
        let body = json!({ "contact_ids": [contact] });
        let (_, took) = client.send(Method::POST, &path, Some(&body)).await?;
        singly.push(took);
    }
    business.line("one contact put into a group", 200.0, &singly);
    let filling = business.filled(&many, some(MANY)).await?;
    let first = pages(&many, PAGE);
    business
        .asked("100 of 10,000 members", 1_000.0, &first)
        .await?;
    Ok(Groups {
        lines: business.lines,
        filling: filling.as_secs_f64(),
    })
}
