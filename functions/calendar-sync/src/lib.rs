//! Keeps a tenant's outside calendars and its appointments together (rules.md "Webhooks in", S0 `calendar_sync`): tells a
//! calendar what changed here, and reads there what its webhooks did not tell. The tick wakes it for each tenant that has
//! something due; whatever is under way lies in the due index until it is done, so that a lost message or a crash costs a
//! minute and tells nothing twice.

mod calcom;
mod calendly;
mod read;
mod tell;

use std::time::Duration;

use secrecy::SecretString;
use vio_domain::bookings::Calendar;
use vio_domain::ids::TenantId;
use vio_domain::text::ShortText;
use vio_providers::calcom::CalcomClient;
use vio_providers::calendly::CalendlyClient;
use vio_providers::{BaseUrl, Http};
use vio_runtime::App;
use vio_runtime::batch::MessageError;
use vio_runtime::queues::CalendarMessage;
use vio_store::StoreError;
use vio_store::log::Actor;
use vio_store::tenants::{TenantSettings, TenantStatus};

/// How long the calendar has to answer one question.
const PATIENCE: Duration = Duration::from_secs(10);
/// Changes told in one run; what is left is due all the same.
const WRITES: u32 = 50;

/// What this function works with: what every function has, and one client for all calendars.
#[derive(Clone)]
pub struct CalendarSync {
    app: App,
    http: Http,
}

impl std::fmt::Debug for CalendarSync {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CalendarSync").finish_non_exhaustive()
    }
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Synced {
    /// Changes of ours that were dealt with.
    pub told: usize,
    /// Bookings that the calendar had not told us.
    pub found: usize,
}

impl CalendarSync {
    pub fn new(app: App) -> Self {
        Self {
            app,
            http: Http::new(),
        }
    }

    /// The tenant's Cal.com; None where it has no key, or the address is none.
    fn calcom(&self, settings: &TenantSettings) -> Option<CalcomClient> {
        let key = SecretString::from(settings.secrets.calcom_key.clone()?);
        let base = self.base(settings, Calendar::Calcom)?;
        Some(CalcomClient::new(self.http.clone(), base, key))
    }

    /// The tenant's Calendly, likewise.
    fn calendly(&self, settings: &TenantSettings) -> Option<CalendlyClient> {
        let token = SecretString::from(settings.secrets.calendly_key.clone()?);
        let base = self.base(settings, Calendar::Calendly)?;
        Some(CalendlyClient::new(self.http.clone(), base, token))
    }

    fn base(&self, settings: &TenantSettings, calendar: Calendar) -> Option<BaseUrl> {
        let own = settings.settings.integrations.calendar(calendar).base_url;
        self.base_of(own, calendar)
    }

    /// A calendar's address: the tenant's own for it, or the provider's.
    fn base_of(&self, own: Option<&ShortText<255>>, calendar: Calendar) -> Option<BaseUrl> {
        let usual = match calendar {
            Calendar::Calcom => &self.app.platform.calcom_url,
            Calendar::Calendly => &self.app.platform.calendly_url,
        };
        let base = BaseUrl::parse(own.map_or(usual.as_str(), |url| url.as_str()));
        base.inspect_err(|error| tracing::error!(%error, "the calendar's address cannot be used"))
            .ok()
    }
}

fn actor() -> Actor {
    Actor::system("calendar-sync")
}

/// Handles one message of the queue.
pub async fn handle(sync: &CalendarSync, message: CalendarMessage) -> Result<(), MessageError> {
    run(sync, message.tenant)
        .await
        .map(|_| ())
        .map_err(MessageError::retry)
}

/// Does what is due with a tenant's calendars. One that is suspended waits.
pub async fn run(sync: &CalendarSync, tenant: TenantId) -> Result<Synced, StoreError> {
    let store = &sync.app.store;
    let Some((ts, settings)) = store.tenant_with_settings(tenant).await? else {
        return Ok(Synced::default());
    };
    let row = store.tenant_row(tenant).await?;
    if row.is_none_or(|row| row.status == TenantStatus::Suspended) {
        return Ok(Synced::default());
    }
    let mut synced = Synced::default();
    for row in ts.calendar_writes_due(WRITES).await? {
        synced.told += usize::from(tell::tell(sync, &ts, &settings, row).await?);
    }
    for calendar in Calendar::ALL {
        synced.found += read::read(sync, &ts, &settings, calendar).await?;
    }
    if synced != Synced::default() {
        tracing::info!(tenant_id = %tenant, told = synced.told, found = synced.found, "calendar");
    }
    Ok(synced)
}
