//! Handing letters on.

use vio_domain::ids::TenantId;

use crate::app::App;
use crate::queues::LetterWork;

/// Hands a letter on once its transaction is committed; the tick finds it otherwise. `letter` is what
/// `TenantStore::write_letter` answered.
pub async fn hand_on(app: &App, tenant: TenantId, letter: String) {
    if let Err(error) = app.queues.letter(LetterWork { tenant, letter }).await {
        tracing::warn!(%tenant, %error, "a letter was not handed on; the tick does it");
    }
}
