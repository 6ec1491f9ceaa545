//! What a summary says: what the change log holds of its time, counted (S3 section 9). The daily one has call activity,
//! confirmations and key figures; the weekly and the monthly one have them beside those of the time before, and what they
//! advise.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use uuid::Uuid;
use vio_domain::analytics::{self, Advice, CallFact, Length, Period, advise};
use vio_domain::calling::session::{Action, Outcome};
use vio_domain::letters::{self, Labelled, Letter};
use vio_domain::messages::state::Status;
use vio_domain::notices::{Figures, Summary};

use crate::calling::attention::AttentionRow;
use crate::entity::from_item;
use crate::error::StoreError;
use crate::key::{self, LOG_SHARDS, LogKind};
use crate::log::LogRow;
use crate::port::{Query, SortRange, Source, TableName};
use crate::store::TenantStore;

/// Log entries, or entries of the work list, read at once.
const PAGE: u32 = 500;

/// What was counted of a time.
#[derive(Default)]
struct Tally {
    figures: Figures,
    calls: Vec<CallFact>,
    sent: BTreeSet<Uuid>,
    lost: BTreeSet<Uuid>,
}

/// What a summary says.
#[derive(Default)]
pub(super) struct Said {
    figures: Figures,
    /// Of the time before, where it is compared.
    before: Option<Figures>,
    /// Entries of the work list that wait for somebody now.
    waiting: u32,
    advice: Vec<Advice>,
}

impl TenantStore {
    /// What the summary that goes out on this day says.
    pub(super) async fn said(
        &self,
        summary: Summary,
        zone: Tz,
        day: NaiveDate,
    ) -> Result<Said, StoreError> {
        let (from, until) = summary.span(zone, day);
        let tally = self.tally(from, until).await?;
        let mut said = Said {
            figures: tally.figures,
            waiting: self.waiting_for_staff().await?,
            ..Said::default()
        };
        if summary != Summary::Daily {
            let (from, until) = summary.span(zone, summary.period(day).0);
            said.before = Some(self.tally(from, until).await?.figures);
            // A quarter holds every month; only the calls of this one are in it.
            let period = Period::last(Length::Quarter, zone, until_of(summary, zone, day));
            let mut figures = analytics::Figures::new(&period);
            figures.count(&period, None, from, &tally.calls);
            said.advice = advise(&figures);
        }
        Ok(said)
    }

    /// What was logged between two instants, counted.
    pub async fn figures(
        &self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Figures, StoreError> {
        Ok(self.tally(from, until).await?.figures)
    }

    async fn tally(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        for shard in 0..LOG_SHARDS {
            let (low, _) = key::log_since(from);
            let (high, _) = key::log_since(until);
            let mut query = Query {
                source: Source::Table(TableName::Main),
                pk: key::log_pk(self.id, LogKind::Change, shard),
                sort: SortRange::Between(low, high),
                ascending: true,
                limit: PAGE,
                after: None,
            };
            loop {
                let page = self.store.port().query(&query).await?;
                for item in page.items {
                    let entry: LogRow = from_item(item)?;
                    if from <= entry.at && entry.at < until {
                        self.count(&mut tally, entry).await?;
                    }
                }
                match page.next {
                    Some(next) => query.after = Some(next),
                    None => break,
                }
            }
        }
        let size = |ids: &BTreeSet<Uuid>| u32::try_from(ids.len()).unwrap_or(u32::MAX);
        tally.figures.messages = size(&tally.sent);
        tally.figures.not_delivered = size(&tally.lost);
        Ok(tally)
    }

    async fn count(&self, tally: &mut Tally, entry: LogRow) -> Result<(), StoreError> {
        for news in &entry.news {
            tally.figures.hear(news.event);
        }
        match entry.action.as_str() {
            "campaign.completed" => tally.figures.campaigns += 1,
            "message.changed" => {
                let message = entry.entity_id;
                match self.details_of::<Changed>(entry).await?.status {
                    Some(Status::Sent | Status::Delivered) => {
                        tally.sent.insert(message);
                    }
                    Some(status) if status.did_not_arrive() || status == Status::Unknown => {
                        tally.lost.insert(message);
                    }
                    _ => {}
                }
            }
            "call.settled" => {
                let at = entry.at;
                let settled: Settled = self.details_of(entry).await?;
                // Without an outcome no call was made.
                if let Some(outcome) = settled.outcome {
                    let action = settled.action.unwrap_or_default();
                    tally.figures.count(outcome, action);
                    tally.calls.push(CallFact {
                        at,
                        outcome,
                        action: Some(action),
                        sentiment: None,
                        feedback: None,
                        seconds: None,
                        retry: false,
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn details_of<T: Default + for<'de> Deserialize<'de>>(
        &self,
        entry: LogRow,
    ) -> Result<T, StoreError> {
        let details = self.open_log(entry).await?.details.unwrap_or_default();
        Ok(serde_json::from_value(details).unwrap_or_default())
    }

    async fn waiting_for_staff(&self) -> Result<u32, StoreError> {
        let (mut count, mut after) = (0u32, None);
        loop {
            let pk = key::attention_pk(self.id);
            let page = self.store.list::<AttentionRow>(pk, "", true, PAGE, after);
            let (rows, next) = page.await?;
            count = count.saturating_add(u32::try_from(rows.len()).unwrap_or(u32::MAX));
            match next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }
}

/// What the log holds of a call that is over.
#[derive(Default, Deserialize)]
struct Settled {
    #[serde(default)]
    outcome: Option<Outcome>,
    #[serde(default)]
    action: Option<Action>,
}

/// What it holds of a message.
#[derive(Default, Deserialize)]
struct Changed {
    #[serde(default)]
    status: Option<Status>,
}

/// The last instant that a summary is about.
fn until_of(summary: Summary, zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    summary.span(zone, day).1 - TimeDelta::nanoseconds(1)
}

impl Said {
    /// The letter.
    pub(super) fn letter(
        &self,
        summary: Summary,
        day: NaiveDate,
        link: Option<&Labelled>,
    ) -> Letter {
        let (from, until) = summary.period(day);
        let last = until.pred_opt().unwrap_or(from);
        let long = |date: NaiveDate| date.format("%A %-d %B %Y").to_string();
        let (subject, period, before) = match summary {
            Summary::Daily => ("Your daily summary", long(from), "the day before"),
            Summary::Weekly => (
                "Your weekly performance report",
                format!("{} to {}", long(from), long(last)),
                "the week before",
            ),
            Summary::Monthly => (
                "Your monthly business review",
                from.format("%B %Y").to_string(),
                "the month before",
            ),
        };
        let row = |name: &str, of: fn(&Figures) -> u32| {
            let now = of(&self.figures);
            let value = match &self.before {
                Some(then) => format!("{now} ({} {before})", of(then)),
                None => now.to_string(),
            };
            (name.to_owned(), value)
        };
        let mut calls = vec![
            row("Made", |figures| figures.calls),
            row("Answered", |figures| figures.answered),
            row("Voicemail", |figures| figures.voicemail),
            row("No answer", |figures| figures.no_answer),
            row("Busy", |figures| figures.busy),
            row("Failed", |figures| figures.failed),
        ];
        if let Some(percent) = self.figures.answered_percent() {
            calls.push(("Answered, of all".to_owned(), format!("{percent} %")));
        }
        let by_calls = vec![
            row("Confirmed", |figures| figures.confirmed),
            row("Cancelled", |figures| figures.cancelled),
            row("Asked for another time", |figures| figures.rescheduled),
        ];
        let in_all = vec![
            row("Made", |figures| figures.appointments.made),
            row("Confirmed", |figures| figures.appointments.confirmed),
            row("Cancelled", |figures| figures.appointments.cancelled),
            row("Moved, or to be moved", |figures| {
                figures.appointments.moved
            }),
        ];
        let messages = vec![
            row("Sent", |figures| figures.messages),
            row("Not delivered", |figures| figures.not_delivered),
        ];
        let more = vec![
            row("Contacts added", |figures| figures.contacts),
            row("Campaigns completed", |figures| figures.campaigns),
            (
                "Waiting for somebody now".to_owned(),
                self.waiting.to_string(),
            ),
        ];
        let group = |heading: &str, rows| letters::Figures {
            heading: heading.to_owned(),
            rows,
        };
        Letter::Summary {
            subject: subject.to_owned(),
            period,
            figures: vec![
                group("Calls", calls),
                group("Appointments, by these calls", by_calls),
                group("Appointments, by whomever", in_all),
                group("Messages", messages),
                group("More", more),
            ],
            advice: self.advice.iter().map(|each| each.text()).collect(),
            link: link.cloned(),
        }
    }
}
