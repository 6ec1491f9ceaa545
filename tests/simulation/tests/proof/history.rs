//! What a judge knows of one business besides the provider's arrivals: the final table, and what was committed to it
//! when. Records are decoded; no rule of the product is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use vio_crypto::{KeyRing, MemoryKms};
use vio_domain::campaigns::Campaign;
use vio_domain::ids::{AppointmentId, AttemptId, CampaignId, ContactId, SessionId, TenantId};
use vio_domain::settings::Settings;
use vio_store::calling::attention::AttentionRow;
use vio_store::calling::rows::{DialRow, GateRow};
use vio_store::calling::sessions::{AttemptRow, DecisionRow, SessionRow};
use vio_store::campaigns::{CampaignMemberRow, CampaignRow};
use vio_store::contacts::{AppointmentRow, ContactRow};
use vio_store::entity::{Entity, from_item, type_of};
use vio_store::memory::MemoryTable;
use vio_store::port::{Attributes, Condition, Op, Port, TableName, Transaction};
use vio_store::tenants::{TenantRow, TenantStatus};
use vio_store::{Store, TenantStore};

use crate::provider::{Arrival, Rung};
use crate::table::{Written, text};
use crate::world::{Numbers, Site, World};

/// A value as it was from one commit to the next.
#[derive(Debug, Clone)]
pub(crate) struct Version<T> {
    pub(crate) seq: u64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) value: T,
}

/// The values of one record over time, in order of their commits.
pub(crate) type Versions<T> = Vec<Version<T>>;

/// The last value committed before a place in the order of all that happens.
pub(crate) fn before<T>(versions: &[Version<T>], seq: u64) -> Option<&Version<T>> {
    versions.iter().rfind(|version| version.seq < seq)
}

/// The value in force at an instant.
pub(crate) fn at<T>(versions: &[Version<T>], when: DateTime<Utc>) -> Option<&Version<T>> {
    versions.iter().rfind(|version| version.at <= when)
}

/// What the product said of a call that waited.
#[derive(Debug, Clone)]
pub(crate) struct Estimate {
    /// When it was asked.
    pub(crate) at: DateTime<Utc>,
    pub(crate) session: SessionId,
    pub(crate) position: Option<u64>,
    pub(crate) instant: Option<DateTime<Utc>>,
}

/// When a campaign was said to be through.
#[derive(Debug, Clone)]
pub(crate) struct CampaignEstimate {
    /// When it was said.
    pub(crate) at: DateTime<Utc>,
    pub(crate) campaign: CampaignId,
    pub(crate) instant: DateTime<Utc>,
}

/// One business, as judged.
pub(crate) struct History {
    pub(crate) tenant: TenantId,
    pub(crate) numbers: Numbers,
    pub(crate) store: TenantStore,
    pub(crate) end: DateTime<Utc>,
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) calls: Vec<Rung>,
    pub(crate) estimates: Vec<Estimate>,
    pub(crate) campaign_estimates: Vec<CampaignEstimate>,
    /// How many estimates were judged.
    pub(crate) estimates_judged: std::cell::Cell<u64>,
    pub(crate) campaign_estimates_judged: std::cell::Cell<u64>,
    pub(crate) campaigns: BTreeMap<CampaignId, Versions<Campaign>>,
    /// By campaign and place in it: where each member stands at the end.
    pub(crate) members: BTreeMap<CampaignId, BTreeMap<u32, CampaignMemberRow>>,
    /// When wake-ups were sent.
    pub(crate) wake_ups: Vec<DateTime<Utc>>,
    pub(crate) settings: Versions<Settings>,
    pub(crate) active: Versions<bool>,
    pub(crate) contacts: BTreeMap<ContactId, Versions<ContactRow>>,
    pub(crate) appointments: BTreeMap<(ContactId, AppointmentId), Versions<AppointmentRow>>,
    pub(crate) sessions: BTreeMap<SessionId, Versions<SessionRow>>,
    pub(crate) attempts: BTreeMap<AttemptId, Versions<AttemptRow>>,
    pub(crate) gate: Versions<GateRow>,
    /// By keyed hash of the number: whether it is listed.
    pub(crate) listed: BTreeMap<String, Versions<bool>>,
    /// By session: its queue item; None where it has none.
    pub(crate) queue: BTreeMap<SessionId, Versions<Option<DialRow>>>,
    pub(crate) decisions: Vec<DecisionRow>,
    pub(crate) attention: Vec<AttentionRow>,
}

fn decoded<E: Entity>(item: &Attributes) -> E {
    from_item(item.clone()).unwrap_or_else(|error| panic!("a {} as stored: {error}", E::TYPE))
}

fn version<T>(written: &Written, value: T) -> Version<T> {
    Version {
        seq: written.seq,
        at: written.at,
        value,
    }
}

/// Settings lie sealed: a table that holds nothing but them is read by the product's own reader.
async fn opened(store: &TenantStore, world: &World, item: &Attributes) -> Settings {
    let table = MemoryTable::new();
    let put = Op::Put {
        table: TableName::Main,
        item: item.clone(),
        condition: Condition::Always,
    };
    let transaction = Transaction {
        ops: vec![put],
        token: "settings".into(),
    };
    table.transact(&transaction).await.expect("a write");
    let alone = Store::new(
        Arc::new(table),
        KeyRing::new(Arc::new(MemoryKms::new([7; 32]).expect("a key service"))),
        Arc::new(world.fabric.clock),
        Arc::new(vio_runtime::testing::OrderedIds::default()),
        Arc::new(vio_crypto::SystemRandom),
    );
    let scope = TenantStore {
        store: alone,
        id: store.id,
        keys: store.keys.clone(),
    };
    scope.settings().await.expect("settings").settings
}

impl History {
    /// Gathers what there is to know of a business.
    pub(crate) async fn of(world: &World, site: &Site) -> Self {
        let mine = |arrival: &Arrival| arrival.tenant == site.id;
        let mut history = Self {
            tenant: site.id,
            numbers: world.plan.numbers,
            store: site.store.clone(),
            end: world.fabric.truth(),
            arrivals: world
                .provider
                .arrivals()
                .into_iter()
                .filter(|arrival| mine(arrival))
                .collect(),
            calls: world
                .provider
                .calls()
                .into_iter()
                .filter(|call| mine(&call.arrival))
                .collect(),
            estimates: site.estimates.lock().unwrap().clone(),
            campaign_estimates: site.campaign_estimates.lock().unwrap().clone(),
            estimates_judged: Default::default(),
            campaign_estimates_judged: Default::default(),
            campaigns: BTreeMap::new(),
            members: BTreeMap::new(),
            wake_ups: world.fabric.wake_ups(site.id),
            settings: Vec::new(),
            active: Vec::new(),
            contacts: BTreeMap::new(),
            appointments: BTreeMap::new(),
            sessions: BTreeMap::new(),
            attempts: BTreeMap::new(),
            gate: Vec::new(),
            listed: BTreeMap::new(),
            queue: BTreeMap::new(),
            decisions: Vec::new(),
            attention: Vec::new(),
        };
        for written in world.table.journal() {
            if written.tenant == site.id {
                history.take_in(world, &written).await;
            }
        }
        let own = format!("T#{}", site.id);
        for item in world.table.rows().dump() {
            if !text(&item, "pk").is_some_and(|pk| pk.starts_with(&own)) {
                continue;
            }
            match type_of(&item) {
                Some("decision") => history.decisions.push(decoded(&item)),
                Some("campaign_member") => {
                    let row: CampaignMemberRow = decoded(&item);
                    let members = history.members.entry(row.campaign).or_default();
                    members.insert(row.position, row);
                }
                Some("attention") => history.attention.push(decoded(&item)),
                _ => {}
            }
        }
        history
    }

    async fn take_in(&mut self, world: &World, written: &Written) {
        let Some(item) = &written.item else {
            match written.kind {
                "do_not_call" => {
                    let hash = written.pk.rsplit('#').next().unwrap_or_default();
                    let versions = self.listed.entry(hash.to_owned()).or_default();
                    versions.push(version(written, false));
                }
                "dial" => {
                    let session = written.sk.rsplit('#').next().and_then(|id| id.parse().ok());
                    if let Some(session) = session {
                        let versions = self.queue.entry(session).or_default();
                        // A move puts the new item in the same transaction, in any order.
                        let moved = versions.last().is_some_and(|last| {
                            last.seq == written.seq
                                && last
                                    .value
                                    .as_ref()
                                    .is_some_and(|row: &DialRow| row.key().sk != written.sk)
                        });
                        if !moved {
                            versions.push(version(written, None));
                        }
                    }
                }
                _ => {}
            }
            return;
        };
        match written.kind {
            "contact" => {
                let row: ContactRow = decoded(item);
                let versions = self.contacts.entry(row.id).or_default();
                versions.push(version(written, row));
            }
            "appointment" => {
                let row: AppointmentRow = decoded(item);
                let versions = self.appointments.entry((row.contact, row.id)).or_default();
                versions.push(version(written, row));
            }
            "session" => {
                let row: SessionRow = decoded(item);
                let versions = self.sessions.entry(row.session.id).or_default();
                versions.push(version(written, row));
            }
            "attempt" => {
                let row: AttemptRow = decoded(item);
                let versions = self.attempts.entry(row.attempt.id).or_default();
                versions.push(version(written, row));
            }
            "campaign" => {
                let campaign = decoded::<CampaignRow>(item).campaign;
                let versions = self.campaigns.entry(campaign.id).or_default();
                versions.push(version(written, campaign));
            }
            "gate" => self.gate.push(version(written, decoded(item))),
            "settings" => {
                let settings = opened(&self.store, world, item).await;
                self.settings.push(version(written, settings));
            }
            "tenant" => {
                let row: TenantRow = decoded(item);
                let active = row.status == TenantStatus::Active;
                self.active.push(version(written, active));
            }
            "do_not_call" => {
                let hash = written.pk.rsplit('#').next().unwrap_or_default();
                let versions = self.listed.entry(hash.to_owned()).or_default();
                versions.push(version(written, true));
            }
            "dial" => {
                let row: DialRow = decoded(item);
                let versions = self.queue.entry(row.session).or_default();
                let gone = |last: &Version<Option<DialRow>>| {
                    last.seq == written.seq && last.value.is_none()
                };
                if versions.last().is_some_and(gone) {
                    versions.pop();
                }
                versions.push(version(written, Some(row)));
            }
            _ => {}
        }
    }

    /// The commit of an attempt's grant: its first write.
    pub(crate) fn grant(&self, attempt: AttemptId) -> Option<&Version<AttemptRow>> {
        self.attempts.get(&attempt)?.first()
    }

    /// The final row of a session.
    pub(crate) fn session(&self, session: SessionId) -> Option<&SessionRow> {
        Some(&self.sessions.get(&session)?.last()?.value)
    }

    /// The call that an attempt made, if it made one.
    pub(crate) fn call_of(&self, attempt: AttemptId) -> Option<&Rung> {
        self.calls
            .iter()
            .find(|call| call.arrival.attempt == attempt)
    }
}

/// A write, for the trace.
pub(crate) fn describe(written: &Written) -> String {
    let place = format!(
        "{} {}",
        written.pk.get(38..).unwrap_or_default(),
        written.sk
    );
    let Some(item) = &written.item else {
        return format!("- {} {place}", written.kind);
    };
    let told = match written.kind {
        "session" => {
            let row: SessionRow = decoded(item);
            let session = row.session;
            let state = serde_json::to_value(&session.state).unwrap_or_default();
            format!(
                "{:?} {} due {} latest {}",
                session.method,
                state["state"],
                short(Some(session.due)),
                short(session.latest)
            )
        }
        "attempt" => {
            let row: AttemptRow = decoded(item);
            let attempt = row.attempt;
            format!(
                "of session {} sends {} refusals {} {:?} bound {}",
                attempt.session,
                attempt.sends,
                attempt.refusals,
                attempt.state,
                short(Some(attempt.bound))
            )
        }
        "appointment" => {
            let row: AppointmentRow = decoded(item);
            format!(
                "{} {:?} attempts {} open {:?}",
                short(Some(row.time)),
                row.status,
                row.call_attempts,
                row.open_session.map(|open| (open.id, open.in_progress))
            )
        }
        "contact" => {
            let row: ContactRow = decoded(item);
            format!(
                "deleted {} forbidden {} {:?} attention {:?} failures {}",
                row.deleted.is_some(),
                row.do_not_contact,
                row.preferences.voice_consent,
                row.needs_attention,
                row.failures_in_a_row
            )
        }
        "campaign" => {
            let campaign = decoded::<CampaignRow>(item).campaign;
            format!(
                "{} {} judged {}/{} cursor {} outstanding {:?} turn {} look {}",
                campaign.id,
                campaign.state.name(),
                campaign.judged,
                campaign.total,
                campaign.cursor,
                campaign.outstanding,
                short(campaign.turn_at),
                short(campaign.look_at)
            )
        }
        "gate" => {
            let row: GateRow = decoded(item);
            let gate = serde_json::to_value(&row.gate).unwrap_or_default();
            let slots = gate["slots"].as_object().map_or(0, serde_json::Map::len);
            format!(
                "v{} slots {slots} paused {} pump {} back-off {}",
                row.version, gate["paused"], gate["next_pump_at"], gate["back_off_until"]
            )
        }
        "dial" => {
            let row: DialRow = decoded(item);
            format!("due {} latest {}", short(Some(row.due)), short(row.latest))
        }
        _ => String::new(),
    };
    format!("+ {} {place} {told}", written.kind)
}

fn short(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.format("%d %H:%M:%S").to_string())
}
