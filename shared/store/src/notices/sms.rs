//! Alerts by SMS to staff. The provider knows no idempotency key, so an alert is taken away before it is sent: one whose
//! answer got lost is not sent again, as with messages to contacts.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use vio_domain::ids::{NoticeId, TenantId, UserId};
use vio_domain::notices::Topic;
use vio_domain::phone::E164;

use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::port::Key;
use crate::store::TenantStore;
use crate::tx::Tx;
use crate::users::UserStatus;

/// An alert that could not go out for so long says nothing new any more.
const WORTH_SENDING: TimeDelta = TimeDelta::hours(6);

/// An alert that was not sent yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SmsAlert {
    pub tenant: TenantId,
    pub id: NoticeId,
    pub user: UserId,
    #[serde(skip)]
    pub version: u64,
    pub topic: Topic,
    pub at: DateTime<Utc>,
    pub due: DateTime<Utc>,
}

impl Entity for SmsAlert {
    const TYPE: &'static str = "notice_sms";
    fn key(&self) -> Key {
        key::notice_sms(self.tenant, self.id, self.user)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn due(&self) -> Option<DueEntry> {
        let id = self.id.uuid();
        Some(key::due(self.due, DueKind::Notice, self.tenant, id))
    }
}

/// What came of sending one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsOutcome {
    /// It went out, or may have, or never will.
    Done,
    /// It certainly did not go out, and may later.
    NotNow { again: DateTime<Utc> },
}

impl TenantStore {
    /// Alerts that were not sent yet and are due, oldest first.
    pub async fn sms_alerts(&self, limit: u32) -> Result<Vec<SmsAlert>, StoreError> {
        let pk = key::notices_pk(self.id);
        let page = self
            .store
            .list::<SmsAlert>(pk, key::NOTICE_SMS_PREFIX, true, limit, None);
        let (mut rows, _) = page.await?;
        let now = self.now();
        rows.retain(|row| row.due <= now);
        Ok(rows)
    }

    /// Takes an alert away to send it, and answers the number. None where somebody else took it, or nobody is to be sent
    /// it any more: too late, gone, or without a number.
    pub async fn take_sms_alert(&self, alert: &SmsAlert) -> Result<Option<E164>, StoreError> {
        let user = self.user(alert.user).await?;
        let user =
            user.filter(|user| user.status == UserStatus::Active && user.notices.sms.enable_sms);
        let number = match &user {
            Some(user) => self.open_personal(user)?.phone,
            None => None,
        };
        let mut tx = Tx::new();
        tx.delete(alert);
        match self.store.commit(tx).await {
            Ok(()) => Ok(number.filter(|_| self.now() - alert.at <= WORTH_SENDING)),
            Err(error) if error.is_lost() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts an alert back that was certainly not sent.
    pub async fn settle_sms_alert(
        &self,
        alert: &SmsAlert,
        outcome: SmsOutcome,
    ) -> Result<(), StoreError> {
        let SmsOutcome::NotNow { again } = outcome else {
            return Ok(());
        };
        let mut tx = Tx::new();
        tx.create(&mut SmsAlert {
            due: again,
            version: 0,
            ..alert.clone()
        })?;
        match self.store.commit(tx).await {
            Err(error) if !error.is_lost() => Err(error),
            _ => Ok(()),
        }
    }
}
