//! Telling staff: what happened, alerts by SMS, summaries (S3 section 9). Whoever runs this takes each by a write of its own,
//! so that two who run it at once tell nothing twice.

use std::time::Duration;

use chrono::TimeDelta;
use vio_domain::ids::TenantId;
use vio_domain::letters::Labelled;
use vio_domain::mail::Link;
use vio_domain::messages::rules::NOT_READY;
use vio_domain::notices::Happening;
use vio_providers::twilio::{NewSms, TwilioError, code};
use vio_runtime::App;
use vio_runtime::letters::hand_on;
use vio_runtime::queues::NoticeWork;
use vio_runtime::twilio::Twilio;
use vio_store::notices::{SmsAlert, SmsOutcome, Told};
use vio_store::tenants::{TenantSettings, TenantStatus};
use vio_store::{StoreError, TenantStore};

/// Things that one run tells; the tick asks for the rest.
const PER_RUN: u32 = 100;
/// How long the provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long to rest after 429 without a word on it.
const REST: TimeDelta = TimeDelta::seconds(60);

/// Tells a tenant's staff what they are to be told.
pub async fn tell(app: &App, work: &NoticeWork) -> Result<(), StoreError> {
    let Some((ts, settings)) = app.store.tenant_with_settings(work.notices).await? else {
        return Ok(());
    };
    for row in ts.notices(PER_RUN).await? {
        let topic = row.happening.topic().as_str();
        match ts.spread_notice(row, |what| opens(app, what)).await? {
            Told::Whole(spread) => {
                tracing::info!(tenant = %ts.id, topic, letters = spread.letters.len(), alerts = spread.alerts,
                               messages = spread.messages, "staff were told");
                hand_all_on(app, ts.id, spread.letters).await;
            }
            Told::Elsewhere(spread) => hand_all_on(app, ts.id, spread.letters).await,
        }
    }
    alerts(app, &ts, &settings).await?;
    let zone = settings.settings.business.timezone;
    let link = page(app, "See the figures", "today");
    let letters = ts.send_summaries(zone, link.as_ref()).await?;
    hand_all_on(app, ts.id, letters).await;
    Ok(())
}

async fn hand_all_on(app: &App, tenant: TenantId, letters: Vec<String>) {
    for letter in letters {
        hand_on(app, tenant, letter).await;
    }
}

/// A page of the console.
fn page(app: &App, label: &str, path: &str) -> Option<Labelled> {
    let to = Link::parse(&format!("{}/{path}", app.platform.public_url)).ok()?;
    let label = label.to_owned();
    Some(Labelled { label, to })
}

/// Where somebody reads on. Addresses hold opaque ids alone.
fn opens(app: &App, what: &Happening) -> Option<Labelled> {
    match what {
        Happening::NewSignIn { .. } => page(app, "See your devices", "account/security"),
        Happening::CallSettled { contact, .. }
        | Happening::AppointmentChanged { contact, .. }
        | Happening::NeedsAttention { contact, .. } => {
            page(app, "Open the contact", &format!("contacts/{contact}"))
        }
        Happening::CampaignEnded { campaign } => page(
            app,
            "See its results",
            &format!("calls/campaigns/{campaign}"),
        ),
        Happening::CallingPaused { .. } => page(app, "Open the calls", "calls"),
        Happening::IntegrationFailing { .. } | Happening::ChannelFailing { .. } => {
            page(app, "Open the integrations", "settings/integrations")
        }
        Happening::Maintenance | Happening::FeatureAnnounced => {
            page(app, "Open VioConcierge", "today")
        }
        Happening::WebhookDisabled { .. } => page(app, "Open the addresses", "settings/developers"),
        Happening::UsageLimit { .. } | Happening::ReportReady { .. } => {
            page(app, "Open VioConcierge", "today")
        }
    }
}

async fn alerts(app: &App, ts: &TenantStore, settings: &TenantSettings) -> Result<(), StoreError> {
    let alerts = ts.sms_alerts(PER_RUN).await?;
    if alerts.is_empty() {
        return Ok(());
    }
    let tenant = app.store.tenant_row(ts.id).await?;
    let active = tenant.is_some_and(|row| row.status == TenantStatus::Active);
    let set_up = active && settings.settings.integrations.twilio.configured();
    let twilio = Twilio::of(app, settings).filter(|_| set_up);
    for alert in alerts {
        let Some(to) = ts.take_sms_alert(&alert).await? else {
            continue;
        };
        let outcome = match &twilio {
            Some(twilio) => send(ts, settings, twilio, to.as_str(), &alert).await,
            None => SmsOutcome::NotNow {
                again: ts.now() + NOT_READY,
            },
        };
        ts.settle_sms_alert(&alert, outcome).await?;
    }
    Ok(())
}

async fn send(
    ts: &TenantStore,
    settings: &TenantSettings,
    twilio: &Twilio,
    to: &str,
    alert: &SmsAlert,
) -> SmsOutcome {
    let Some(from) = &settings.settings.integrations.twilio.from_number else {
        return SmsOutcome::Done;
    };
    let business = settings.settings.business.spoken_name();
    let sms = NewSms {
        to: to.to_owned(),
        from: from.as_str().to_owned(),
        body: format!("{business}, VioConcierge: {}", alert.topic.sentence()),
        // Whether it arrived changes nothing: nobody waits for it.
        status_callback: String::new(),
    };
    match twilio.api.send(&sms, PATIENCE).await {
        Ok(_) => SmsOutcome::Done,
        Err(TwilioError::NoAnswer(_)) => {
            tracing::warn!(tenant = %ts.id, notice = %alert.id, "an alert was not answered; it may have arrived");
            SmsOutcome::Done
        }
        Err(TwilioError::Refused {
            status,
            code,
            retry_after,
        }) => {
            tracing::warn!(tenant = %ts.id, notice = %alert.id, status, code, "an alert was refused");
            let now = ts.now();
            match (status, code) {
                (429, _) | (_, Some(code::TOO_MANY)) => {
                    let told = retry_after.map(|after| after.instant(now));
                    SmsOutcome::NotNow {
                        again: told.filter(|at| *at > now).unwrap_or(now + REST),
                    }
                }
                (401..=403, _) | (_, Some(code::CREDENTIALS)) => SmsOutcome::NotNow {
                    again: now + NOT_READY,
                },
                _ => SmsOutcome::Done,
            }
        }
    }
}
