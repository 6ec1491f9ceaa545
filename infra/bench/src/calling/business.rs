//! Businesses to call for, written through the store: signing ten thousand up over HTTP would measure the hashing of
//! passwords.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use vio_crypto::password::{self, Argon2Params, PasswordHash};
use vio_domain::ids::{TenantId, UserId};
use vio_domain::permission::{CustomPermissions, Role};
use vio_domain::phone::{Country, E164};
use vio_domain::settings::{Business, BusinessType, Settings};
use vio_domain::text::{Email, PersonName, ShortText};
use vio_local::Host;
use vio_local::seed::{BATCH, with_appointments};
use vio_store::TenantStore;
use vio_store::log::Actor;
use vio_store::tx::Tx;
use vio_store::users::{NewUser, PersonalDetails};

use crate::{BenchError, Context};

/// What everybody's password hashes to. Nobody signs in.
pub(super) fn password() -> Result<PasswordHash, BenchError> {
    let secret = SecretString::from("Copper-Otter-7-Lighthouses");
    password::hash(&secret, &Argon2Params::DEFAULT).context("a password")
}

fn settings(number: usize) -> Result<Settings, BenchError> {
    let mut settings = Settings::for_business(Business {
        legal_name: ShortText::parse(&format!("Business {number}"))
            .map_err(|fault| BenchError::new(fault.detail))?,
        trading_name: None,
        business_type: BusinessType::Salon,
        country: Country::GB,
        timezone: chrono_tz::Europe::London,
        primary_phone: None,
        email: None,
        website: None,
        address: Default::default(),
        operating_schedule: Default::default(),
        holidays: Default::default(),
        accepted_regions: Default::default(),
    });
    let retell = &mut settings.integrations.retell;
    retell.agent_id =
        Some(ShortText::parse("agent_bench").map_err(|fault| BenchError::new(fault.detail))?);
    let from = E164::try_from("+442079460199".to_owned()).context("a number")?;
    retell.from_number = Some(from);
    retell.has_key = true;
    Ok(settings)
}

/// A business that is connected with the voice provider.
pub(super) async fn open(
    host: &Host,
    number: usize,
    password: PasswordHash,
) -> Result<TenantStore, BenchError> {
    let store = &host.app().store;
    let name = PersonName::parse("Wilma Stone").map_err(|fault| BenchError::new(fault.detail))?;
    let email = Email::parse(&format!("owner{number}@bench.example"))
        .map_err(|fault| BenchError::new(fault.detail))?;
    let admin = NewUser {
        id: UserId::new(store.new_id()),
        role: Role::ClientAdmin,
        preset: None,
        industries: Default::default(),
        custom: CustomPermissions::default(),
        personal: PersonalDetails {
            full_name: name,
            email,
            job_title: None,
            phone: None,
        },
        password: Some(password),
    };
    let keys = host.app().platform_keys().await;
    let keys = keys.context("the platform's keys")?;
    let tenant = TenantId::new(store.new_id());
    let actor = Actor::system("bench");
    let scope = store
        .sign_up(keys, tenant, settings(number)?, admin, &actor)
        .await
        .context("signing up")?;
    let mut opened = scope.settings().await.context("the settings")?;
    opened
        .secrets
        .retell_key
        .rotate(format!("key_of_bench_{number}"), scope.now());
    let mut tx = Tx::new();
    scope
        .save_settings(&mut tx, &mut opened)
        .context("the settings")?;
    store.commit(tx).await.context("the settings")?;
    Ok(scope)
}

/// People with appointments at `time`, from number `first` on, each with a planned call.
pub(super) async fn people(
    scope: &TenantStore,
    first: usize,
    count: usize,
    time: DateTime<Utc>,
) -> Result<(), BenchError> {
    let settings = scope.settings().await.context("the settings")?.settings;
    let numbered: Vec<(u32, DateTime<Utc>)> = (first..first + count)
        .map(|at| (u32::try_from(at).unwrap_or(u32::MAX), time))
        .collect();
    for some in numbered.chunks(BATCH as usize) {
        with_appointments(scope, &settings, some)
            .await
            .context("people")?;
    }
    Ok(())
}
