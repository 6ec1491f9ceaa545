//! Which tenants there are, and which keys, agents, numbers and addresses of providers each saved last. The sandbox
//! answers from it, and the developer clock asks it whether anybody is connected to the world outside.
//!
//! The product is not asked and knows nothing of this: a wrapper of the table's port notes whose settings were
//! written, and they are read again when somebody wants to know.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use subtle::ConstantTimeEq;
use tokio::sync::Mutex as AsyncMutex;
use vio_domain::ids::TenantId;
use vio_sandbox::{
    CalcomAccess, CalcomHook, CalendlyAccess, Credentials, RetellAccess, TwilioAccess,
};
use vio_store::entity::{TYPE, type_of};
use vio_store::port::{
    AttributeValue, Attributes, Key, Op, Page, Port, PortError, Query, Transaction,
};
use vio_store::tenants::TenantSettings;
use vio_store::{Store, StoreError};

/// The stored type of a tenant's settings.
const SETTINGS: &str = "settings";

/// Whose settings were written since they were last read.
#[derive(Debug, Default)]
pub struct Written(Mutex<BTreeSet<TenantId>>);

impl Written {
    fn note(&self, tenant: TenantId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(tenant);
    }

    fn take(&self) -> BTreeSet<TenantId> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A port that notes whose settings are written.
pub struct NotingPort<P> {
    inner: P,
    written: Arc<Written>,
}

impl<P> NotingPort<P> {
    pub fn new(inner: P, written: Arc<Written>) -> Self {
        Self { inner, written }
    }
}

fn tenant_of_settings(item: &Attributes) -> Option<TenantId> {
    let tenant = match item.get("tenant") {
        Some(AttributeValue::S(tenant)) => tenant,
        _ => return None,
    };
    (type_of(item) == Some(SETTINGS))
        .then(|| tenant.parse().ok())
        .flatten()
}

#[async_trait]
impl<P: Port> Port for NotingPort<P> {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, PortError> {
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Attributes>, PortError> {
        self.inner.batch_get(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page, PortError> {
        self.inner.query(query).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), PortError> {
        let answer = self.inner.transact(transaction).await;
        // Whatever the answer: one that was lost may have been written.
        for op in &transaction.ops {
            if let Op::Put { item, .. } = op
                && let Some(tenant) = tenant_of_settings(item)
            {
                self.written.note(tenant);
            }
        }
        answer
    }
}

/// Where one tenant's providers are, and with what it opens them.
#[derive(Debug, Clone, Default)]
struct Connection {
    retell_url: Option<String>,
    calcom_url: Option<String>,
    retell_key: Option<String>,
    calcom_key: Option<String>,
    calcom_secret: Option<String>,
    calendly_url: Option<String>,
    calendly_key: Option<String>,
    calendly_organizer: Option<String>,
    twilio_url: Option<String>,
    /// SID and token.
    twilio_account: Option<(String, String)>,
    twilio_number: Option<String>,
    /// Where messages are told to, under this host's address.
    messages_path: String,
    access: RetellAccess,
    organizer: Option<String>,
    /// Where bookings are told to, under this host's address.
    bookings_path: String,
}

impl Connection {
    fn of(opened: &TenantSettings) -> Self {
        let retell = &opened.settings.integrations.retell;
        let calcom = &opened.settings.integrations.calcom;
        let calendly = &opened.settings.integrations.calendly;
        let twilio = &opened.settings.integrations.twilio;
        Self {
            retell_url: retell.base_url.as_ref().map(|url| url.as_str().to_owned()),
            calcom_url: calcom.base_url.as_ref().map(|url| url.as_str().to_owned()),
            retell_key: opened.secrets.retell_key.current.clone(),
            calcom_key: opened.secrets.calcom_key.clone(),
            calcom_secret: opened.secrets.calcom_webhook.current.clone(),
            calendly_url: calendly
                .base_url
                .as_ref()
                .map(|url| url.as_str().to_owned()),
            calendly_key: opened.secrets.calendly_key.clone(),
            calendly_organizer: calendly
                .organizer_email
                .as_ref()
                .map(|email| email.as_str().to_owned()),
            twilio_url: twilio.base_url.as_ref().map(|url| url.as_str().to_owned()),
            twilio_account: twilio
                .account_sid
                .as_ref()
                .map(|sid| sid.as_str().to_owned())
                .zip(opened.secrets.twilio_token.current.clone()),
            twilio_number: twilio
                .from_number
                .as_ref()
                .map(|number| number.as_str().to_owned()),
            messages_path: format!("/api/webhook/sms/{}", opened.endpoints.sms),
            access: RetellAccess {
                agents: retell
                    .agent_id
                    .iter()
                    .map(|id| id.as_str().to_owned())
                    .collect(),
                numbers: retell
                    .from_number
                    .iter()
                    .map(|number| number.as_str().to_owned())
                    .collect(),
            },
            organizer: calcom
                .organizer_email
                .as_ref()
                .map(|email| email.as_str().to_owned()),
            bookings_path: format!(
                "/api/webhook/calcom-booking/{}",
                opened.endpoints.calcom_booking
            ),
        }
    }
}

/// What each clinic's webhook at the sandbox tells of.
const TRIGGERS: [&str; 5] = [
    "BOOKING_CREATED",
    "BOOKING_RESCHEDULED",
    "BOOKING_CANCELLED",
    "BOOKING_REJECTED",
    "BOOKING_NO_SHOW_UPDATED",
];

/// The providers' addresses of tenants that name none.
#[derive(Debug, Clone)]
pub struct DefaultUrls {
    pub retell: String,
    pub calcom: String,
    pub calendly: String,
    pub twilio: String,
    /// Where the sandbox answers.
    pub sandbox: String,
    /// Where this host answers.
    pub host: String,
}

struct Source {
    store: Store,
    urls: DefaultUrls,
}

type Known<'a> = tokio::sync::MutexGuard<'a, BTreeMap<TenantId, Connection>>;

/// The tenants' connections. Made before the product, which it is then [connected](Self::connect) to.
pub struct Connections {
    written: Arc<Written>,
    source: OnceLock<Source>,
    known: AsyncMutex<BTreeMap<TenantId, Connection>>,
}

impl Connections {
    pub fn new(written: Arc<Written>) -> Self {
        Self {
            written,
            source: OnceLock::new(),
            known: AsyncMutex::default(),
        }
    }

    /// Says where settings are read, and which tenants there were before this start.
    pub fn connect(
        &self,
        store: Store,
        urls: DefaultUrls,
        tenants: impl IntoIterator<Item = TenantId>,
    ) {
        // A second source cannot be: there is one product in a host.
        let _ = self.source.set(Source { store, urls });
        for tenant in tenants {
            self.written.note(tenant);
        }
    }

    /// All connections as they are now. They are lent, not copied: each request to the sandbox looks among them, and there
    /// may be thousands.
    async fn current(&self) -> Result<(Known<'_>, Option<&Source>), StoreError> {
        let mut known = self.known.lock().await;
        let Some(source) = self.source.get() else {
            return Ok((known, None));
        };
        let mut left = self.written.take();
        while let Some(tenant) = left.pop_first() {
            let opened = match source.store.tenant(tenant).await {
                Ok(Some(ts)) => ts.settings().await.map(Some),
                // A sign-up that did not go through.
                Ok(None) => Ok(None),
                Err(error) => Err(error),
            };
            match opened {
                Ok(Some(opened)) => drop(known.insert(tenant, Connection::of(&opened))),
                Ok(None) => {}
                Err(error) => {
                    left.insert(tenant);
                    left.into_iter()
                        .for_each(|tenant| self.written.note(tenant));
                    return Err(error);
                }
            }
        }
        Ok((known, Some(source)))
    }

    /// The tenants there are.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        Ok(self.current().await?.0.keys().copied().collect())
    }

    /// Whether a provider's address in use lies outside loopback.
    pub async fn reaches_outside(&self) -> Result<bool, StoreError> {
        let (known, source) = self.current().await?;
        let defaults = source.map(|source| {
            [
                &source.urls.retell,
                &source.urls.calcom,
                &source.urls.calendly,
                &source.urls.twilio,
            ]
        });
        let own = known.values().flat_map(|one| {
            one.retell_url
                .iter()
                .chain(&one.calcom_url)
                .chain(&one.calendly_url)
                .chain(&one.twilio_url)
        });
        Ok(defaults
            .into_iter()
            .flatten()
            .chain(own)
            .any(|url| !is_loopback(url)))
    }

    async fn find<A>(&self, open: impl Fn(&Connection, &DefaultUrls) -> Option<A>) -> Option<A> {
        match self.current().await {
            Ok((known, Some(source))) => known.values().find_map(|one| open(one, &source.urls)),
            Ok((_, None)) => None,
            Err(error) => {
                tracing::error!(error = %error, "the tenants' keys cannot be read");
                None
            }
        }
    }
}

fn same(key: &str, other: Option<&String>) -> bool {
    other.is_some_and(|other| bool::from(other.as_bytes().ct_eq(key.as_bytes())))
}

fn points_at(sandbox: &str, own: Option<&String>, default: &str) -> bool {
    own.map_or(default, String::as_str).trim_end_matches('/') == sandbox
}

#[async_trait]
impl Credentials for Connections {
    async fn retell(&self, api_key: &str) -> Option<RetellAccess> {
        self.find(|one, urls| {
            let here = points_at(&urls.sandbox, one.retell_url.as_ref(), &urls.retell);
            (here && same(api_key, one.retell_key.as_ref())).then(|| one.access.clone())
        })
        .await
    }

    async fn calcom(&self, api_key: &str) -> Option<CalcomAccess> {
        self.find(|one, urls| {
            let here = points_at(&urls.sandbox, one.calcom_url.as_ref(), &urls.calcom);
            let organizer_email = one.organizer.clone()?;
            (here && same(api_key, one.calcom_key.as_ref())).then(|| CalcomAccess {
                organizer_email,
                hooks: vec![CalcomHook {
                    url: format!("{}{}", urls.host, one.bookings_path),
                    active: true,
                    triggers: TRIGGERS.map(str::to_owned).to_vec(),
                    secret: one.calcom_secret.clone(),
                }],
            })
        })
        .await
    }

    async fn calendly(&self, token: &str) -> Option<CalendlyAccess> {
        self.find(|one, urls| {
            let here = points_at(&urls.sandbox, one.calendly_url.as_ref(), &urls.calendly);
            let organizer_email = one.calendly_organizer.clone()?;
            (here && same(token, one.calendly_key.as_ref())).then_some(CalendlyAccess {
                organizer_email,
                no_webhooks: false,
            })
        })
        .await
    }

    async fn twilio(&self, account_sid: &str, auth_token: &str) -> Option<TwilioAccess> {
        self.find(|one, urls| {
            let here = points_at(&urls.sandbox, one.twilio_url.as_ref(), &urls.twilio);
            let (sid, token) = one.twilio_account.as_ref()?;
            (here && sid == account_sid && same(auth_token, Some(token))).then(|| TwilioAccess {
                numbers: one.twilio_number.iter().cloned().collect(),
                sms_url: Some(format!("{}{}", urls.host, one.messages_path)),
            })
        })
        .await
    }

    /// The key of everything that stands for AWS here.
    async fn ses(&self, key_id: &str) -> Option<String> {
        (key_id == vio_stack::ACCESS_KEY).then(|| vio_stack::SECRET_KEY.to_owned())
    }
}

/// Whether a URL's host is this machine. What cannot be read is not.
pub fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else {
        return false;
    };
    is_loopback_host(uri.host().unwrap_or_default())
}

/// Whether a host name or address, without port, is this machine.
pub fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Every tenant in the table, by a scan: the local host only does this once, at its start.
pub async fn tenants_in(
    table: &aws_sdk_dynamodb::Client,
    name: &str,
) -> Result<Vec<TenantId>, Box<dyn std::error::Error + Send + Sync>> {
    use aws_sdk_dynamodb::types::AttributeValue as Sdk;
    let mut found = Vec::new();
    let mut pages = table
        .scan()
        .table_name(name)
        .filter_expression("#t = :settings")
        .projection_expression("tenant")
        .expression_attribute_names("#t", TYPE)
        .expression_attribute_values(":settings", Sdk::S(SETTINGS.into()))
        .into_paginator()
        .items()
        .send();
    while let Some(item) = pages.next().await {
        let item = item?;
        let tenant = item.get("tenant").and_then(|value| value.as_s().ok());
        found.extend(tenant.and_then(|tenant| tenant.parse::<TenantId>().ok()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_from_the_rest() {
        for url in [
            "http://127.0.0.1:1",
            "http://localhost:80/x",
            "http://[::1]:9",
            "http://127.9.9.9",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://api.retellai.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "http://[::2]",
            "",
            "/x",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn a_tenant_without_an_address_points_where_the_host_does() {
        let here = "http://127.0.0.1:5";
        assert!(points_at(here, None, here));
        assert!(points_at(
            here,
            Some(&"http://127.0.0.1:5/".to_owned()),
            "https://api.retellai.com"
        ));
        assert!(!points_at(here, None, "http://127.0.0.1:6"));
        assert!(!points_at(
            here,
            Some(&"https://api.retellai.com".to_owned()),
            here
        ));
    }
}
