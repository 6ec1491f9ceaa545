//! One way to change settings: read, check the version, apply, save with its log entry, and have reminders planned
//! anew where they can have moved; again from the start where somebody else was quicker.

use serde_json::{Value, json};
use vio_http::{ETag, Fields, IfMatch, Kind, Principal, Problem, RequestId, Validate};
use vio_runtime::App;
use vio_runtime::queues::DialMessage;
use vio_runtime::web::{actor, store_problem};
use vio_store::calling::replan::moves_reminders;
use vio_store::log::Entry;
use vio_store::tenants::TenantSettings;
use vio_store::tx::Tx;
use vio_store::{StoreError, TenantStore};

/// Races lost before giving up.
const TRIES: usize = 6;

/// Settings with a request being applied to them.
struct Applying<F> {
    opened: TenantSettings,
    apply: F,
}

impl<F: FnOnce(&mut TenantSettings, &mut Fields)> Validate for Applying<F> {
    type Domain = TenantSettings;

    fn validate(mut self, fields: &mut Fields) -> Option<TenantSettings> {
        (self.apply)(&mut self.opened, fields);
        Some(self.opened)
    }
}

/// The tag of the settings: they are one record, so every section of them has the same.
pub(crate) fn tag(settings: &TenantSettings) -> ETag {
    ETag::version(settings.version)
}

/// Who asks for a change, and of which version.
pub(crate) struct Asked<'a> {
    pub(crate) app: &'a App,
    pub(crate) principal: &'a Principal,
    pub(crate) request: RequestId,
    pub(crate) condition: IfMatch,
    /// `settings.calls` and the like: what the log calls it.
    pub(crate) section: &'static str,
}

impl Asked<'_> {
    /// Applies a change to the tenant's settings. `apply` runs once per try, on settings just read.
    pub(crate) async fn change(
        &self,
        apply: impl Fn(&mut TenantSettings, &mut Fields),
    ) -> Result<TenantSettings, Problem> {
        let tenant = self.app.tenant_of(self.principal).await?;
        for _ in 0..TRIES {
            let before = tenant.settings().await.map_err(store_problem)?;
            self.condition.check(&tag(&before))?;
            let after = Applying {
                opened: before.clone(),
                apply: &apply,
            }
            .validated()?;
            match self.save(&tenant, &before, after).await {
                Ok(saved) => return Ok(saved),
                Err(StoreError::Lost { lost }) if lost.contains(&"business_name") => {
                    return Err(Problem::new(Kind::NameTaken)
                        .detail("Another business has this legal name."));
                }
                Err(error) if error.is_lost() => {}
                Err(error) => return Err(store_problem(error)),
            }
        }
        Err(Problem::new(Kind::Conflict))
    }

    async fn save(
        &self,
        tenant: &TenantStore,
        before: &TenantSettings,
        mut after: TenantSettings,
    ) -> Result<TenantSettings, StoreError> {
        let (old, new) = (&before.settings, &after.settings);
        let secrets = changed_secrets(before, &after);
        if old == new && secrets.is_empty() {
            return Ok(after);
        }
        let mut tx = Tx::new();
        let (from, to) = (
            old.business.legal_name.as_str(),
            new.business.legal_name.as_str(),
        );
        if from != to {
            let keys = self.app.platform_keys().await?;
            tenant.move_business_name(&mut tx, keys, from, to)?;
        }
        let moves = moves_reminders(old, new);
        if moves {
            tenant.ask_replan(&mut tx)?;
        }
        tenant
            .stage_calendar_connected(&mut tx, before, &after)
            .await?;
        let (mut fields, details) = differences(old, new);
        fields.extend(secrets);
        tenant.stage_missing_endpoints(&mut tx, &mut after)?;
        tenant.save_settings(&mut tx, &mut after)?;
        let entry = Entry::new("settings.changed", self.section, tenant.id.uuid())
            .version(after.version)
            .fields(fields)
            .details(details);
        tenant.log(&mut tx, &actor(self.principal, self.request), entry)?;
        tenant.store.commit(tx).await?;
        // Hours, zone, limits or a provider: whatever waited for it may go on. The tick would find it within a minute.
        let message = DialMessage { tenant: tenant.id };
        if let Err(error) = self.app.queues.dial(message, 0).await {
            tracing::warn!(%error, "a wake-up was not sent; the next tick sends it");
        }
        Ok(after)
    }
}

/// Names of the secrets that changed; never their values.
fn changed_secrets(before: &TenantSettings, after: &TenantSettings) -> Vec<String> {
    let (old, new) = (&before.secrets, &after.secrets);
    [
        (
            "retell.api_key",
            old.retell_key.current != new.retell_key.current,
        ),
        ("calcom.api_key", old.calcom_key != new.calcom_key),
        (
            "calcom.webhook_secret",
            old.calcom_webhook.current != new.calcom_webhook.current,
        ),
        ("calendly.api_key", old.calendly_key != new.calendly_key),
        (
            "calendly.webhook_signing_key",
            old.calendly_signing.current != new.calendly_signing.current,
        ),
        (
            "twilio.auth_token",
            old.twilio_token.current != new.twilio_token.current,
        ),
    ]
    .into_iter()
    .filter(|(_, changed)| *changed)
    .map(|(name, _)| name.to_owned())
    .collect()
}

/// The fields that differ, as `section.field`, with their values before and after.
fn differences<T: serde::Serialize>(old: &T, new: &T) -> (Vec<String>, Value) {
    let read = |value: &T| serde_json::to_value(value).unwrap_or_default();
    let (old, new) = (read(old), read(new));
    let (mut names, mut before, mut after) = (Vec::new(), json!({}), json!({}));
    let empty = serde_json::Map::new();
    for (section, values) in new.as_object().unwrap_or(&empty) {
        if old[section] == *values {
            continue;
        }
        let Some(values) = values.as_object() else {
            names.push(section.clone());
            before[section] = old[section].clone();
            after[section] = values.clone();
            continue;
        };
        for (field, value) in values {
            if old[section][field] != *value {
                let name = format!("{section}.{field}");
                before[&name] = old[section][field].clone();
                after[&name] = value.clone();
                names.push(name);
            }
        }
    }
    (names, json!({ "before": before, "after": after }))
}
