//! The one transaction of a grant.

use vio_domain::appointment::OpenSession;
use vio_domain::calling::attempt::Attempt;
use vio_domain::calling::guards::Decision;
use vio_domain::calling::session::NUMBER_LOCK;
use vio_domain::ids::AttemptId;
use vio_domain::notices::{Happening, Limit};
use vio_domain::settings::HipaaLevel;

use crate::calling::reach::Reach;
use crate::calling::rows::{DncRow, FlightRow, GateRow, NumberHistoryRow, NumberLockRow};
use crate::calling::sessions::{AttemptRow, SessionRow};
use crate::campaigns::CampaignRow;
use crate::contacts::Person;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::Condition;
use crate::store::TenantStore;
use crate::tx::Tx;

use super::facts::Facts;
use super::{Dialling, Granted, Granting};

impl TenantStore {
    /// The one transaction of a grant.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one transaction, read beforehand"
    )]
    pub(super) async fn place(
        &self,
        dialling: Dialling<'_>,
        gate: &mut GateRow,
        mut row: SessionRow,
        mut person: Person,
        campaign: Option<CampaignRow>,
        facts: Facts,
        id: AttemptId,
        body: Vec<u8>,
        decisions: Vec<Decision>,
    ) -> Result<Granting, StoreError> {
        let now = self.now();
        let Some(phone) = person
            .contact
            .phone
            .as_ref()
            .map(|phone| self.phone_hash(phone))
        else {
            return Ok(Granting::Lost);
        };
        let before = row.dial();
        if row.session.grant(id, now).is_err() {
            return Ok(Granting::Lost);
        }
        let attempt = Attempt::granted(
            id,
            row.session.id,
            now,
            dialling.fingerprint.to_owned(),
            dialling.limits,
        );
        let strict = Some(HipaaLevel::Strict);
        let attempt = if dialling.settings.settings.privacy.level_in_force() == strict {
            attempt.not_listable()
        } else {
            attempt
        };
        let bound = attempt.bound;
        let mut attempt = AttemptRow::new(
            self.id,
            person.contact.id,
            attempt,
            phone,
            &body,
            &person.key,
        )?;
        row.about_time = row
            .session
            .appointment
            .and_then(|id| person.appointment(id))
            .map(|appointment| appointment.time);
        row.reach = Reach::default();
        let mut history = facts
            .history
            .unwrap_or_else(|| NumberHistoryRow::new(self.id, phone));
        history.add(id, now);

        let mut tx = Tx::new();
        if let Some(percent) = gate.gate.reached(now, dialling.limits) {
            let limit = Limit::CallsOfTheDay;
            self.tell(&mut tx, Happening::UsageLimit { limit, percent })?;
        }
        tx.save(gate)?;
        if let (Some(mut campaign), Some(place)) = (campaign, row.in_campaign) {
            self.stage_turn(
                &mut tx,
                &mut campaign,
                place.position,
                true,
                dialling.limits,
            )?;
        }
        self.stage_session(&mut tx, &mut row, Some(&before))?;
        tx.create(&mut attempt)?;
        let flight = FlightRow {
            tenant: self.id,
            attempt: id,
            session: row.session.id,
            contact: person.contact.id,
            phone,
            due: bound,
        };
        tx.put_if(FlightRow::TYPE, &flight, 1, Condition::Absent)?;
        tx.save(&mut history)?;
        let lock = NumberLockRow {
            tenant: self.id,
            phone,
            attempt: id,
            expires_ms: (now + NUMBER_LOCK).timestamp_millis(),
        };
        let free = Condition::AbsentOrExpired {
            attribute: "expires_ms",
            now_ms: now.timestamp_millis(),
        };
        tx.put_if(NumberLockRow::TYPE, &lock, 1, free)?;
        tx.check(
            DncRow::TYPE,
            key::do_not_call(self.id, &phone.to_string()),
            Condition::Absent,
        );
        tx.check(
            "settings",
            key::settings(self.id),
            Condition::VersionIs(dialling.settings.version),
        );
        self.stage_decision(&mut tx, &row, Some(id), "place", decisions)?;
        let open = OpenSession {
            id: row.session.id,
            in_progress: true,
        };
        person.set_open_session(row.session.appointment, Some(open), None);
        self.stage_person(&mut tx, &mut person)?;
        let entry = Entry::new("call.placing", "session", row.session.id.uuid())
            .contact(person.contact.id)
            .version(row.version);
        self.log(&mut tx, &Actor::system("campaign-worker"), entry)?;
        let lost = self.commit_grant(tx).await?;
        Ok(lost.unwrap_or_else(|| {
            Granting::Granted(Box::new(Granted {
                session: row,
                attempt,
                body,
            }))
        }))
    }
}
