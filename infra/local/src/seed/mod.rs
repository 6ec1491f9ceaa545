//! Demo data. People are invented, and so are their numbers: valid in form and given to nobody, because Ofcom keeps
//! 020 7946 0000 to 0999, 0113 496 0000 to 0999 and the like for drama.

mod bulk;
mod clinic;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vio_domain::ids::TenantId;

pub use bulk::{BATCH, contacts, with_appointments};
pub use clinic::{demo, first_call};

/// The password of every demo sign-in. Printed at the start and in the README: the data is invented, and the host
/// answers on this machine only.
pub const PASSWORD: &str = "Tidal-Heron-4-Lanterns";

/// The demo sign-ins: e-mail, name, role, preset.
pub const SIGN_INS: [SignIn; 3] = [
    SignIn {
        email: "admin@riverside.example",
        full_name: "Helen Ashworth",
        role: "client_admin",
        preset: None,
    },
    SignIn {
        email: "reception@riverside.example",
        full_name: "Tom Okafor",
        role: "client_user",
        preset: Some("receptionist"),
    },
    SignIn {
        email: "readonly@riverside.example",
        full_name: "Priya Nair",
        role: "client_user",
        preset: Some("read_only"),
    },
];

/// One demo sign-in.
#[derive(Debug, Clone, Copy)]
pub struct SignIn {
    pub email: &'static str,
    pub full_name: &'static str,
    pub role: &'static str,
    pub preset: Option<&'static str>,
}

/// The demo sign-ins, as JSON.
pub fn sign_ins() -> Value {
    let one = |who: &SignIn| json!({ "email": who.email, "password": PASSWORD, "role": who.role, "preset": who.preset });
    SIGN_INS.iter().map(one).collect()
}

/// Seeding failed.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error("the product did not answer")]
    NoAnswer(#[source] reqwest::Error),
    /// Named without the body: it may repeat what was sent.
    #[error("{step} was answered {status} {kind}")]
    Refused {
        step: &'static str,
        status: u16,
        kind: String,
    },
    #[error(transparent)]
    Store(#[from] vio_store::StoreError),
    #[error("the demo clinic's id cannot be kept")]
    Note(#[source] std::io::Error),
}

#[derive(Serialize, Deserialize)]
struct Kept {
    tenant_id: TenantId,
}

/// Which tenant is the demo clinic, once it is complete: in the data directory, or in memory.
#[derive(Debug)]
pub struct DemoNote {
    file: Option<PathBuf>,
    tenant: Mutex<Option<TenantId>>,
}

impl DemoNote {
    /// As kept in `directory`, if at all.
    pub fn new(directory: Option<PathBuf>) -> Self {
        let file = directory.map(|directory| directory.join("demo.json"));
        let kept = file.as_ref().and_then(|file| {
            let text = std::fs::read(file).ok()?;
            serde_json::from_slice::<Kept>(&text).ok()
        });
        Self {
            file,
            tenant: Mutex::new(kept.map(|kept| kept.tenant_id)),
        }
    }

    /// The demo clinic, if it is complete.
    pub fn tenant(&self) -> Option<TenantId> {
        *self.tenant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, tenant_id: TenantId) -> Result<(), SeedError> {
        if let Some(file) = &self.file {
            let text = serde_json::to_vec(&Kept { tenant_id }).unwrap_or_default();
            std::fs::write(file, text).map_err(SeedError::Note)?;
        }
        *self.tenant.lock().unwrap_or_else(PoisonError::into_inner) = Some(tenant_id);
        Ok(())
    }
}
