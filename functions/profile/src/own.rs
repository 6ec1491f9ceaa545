//! One way to change what is one's own: read, check the version, apply, save with its log entry; again from the start where
//! somebody else was quicker.

use chrono_tz::Tz;
use vio_http::{ETag, IfMatch, Kind, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::log::Entry;
use vio_store::tx::Tx;
use vio_store::users::UserRow;

/// Races lost before giving up.
const TRIES: usize = 4;

/// The record of the one who asks.
pub(crate) async fn own(tenant: &TenantStore, principal: &Principal) -> Result<UserRow, Problem> {
    tenant
        .user(principal.user_id)
        .await
        .map_err(store_problem)?
        .ok_or_else(Problem::unauthorized)
}

/// Who asks for a change of their own account, and of which version.
pub(crate) struct Own<'a> {
    pub(crate) app: &'a App,
    pub(crate) tenant: &'a TenantStore,
    pub(crate) principal: &'a Principal,
    pub(crate) request: RequestId,
    pub(crate) condition: IfMatch,
    /// `user.profile_changed` and the like.
    pub(crate) action: &'static str,
}

impl Own<'_> {
    /// Applies a change. `apply` runs once per try on the record just read, and answers what was before and after, or None
    /// where nothing changed. Whoever wants summaries from now on sets them going, in the zone of the business.
    pub(crate) async fn change(
        &self,
        zone: Tz,
        apply: impl Fn(&mut UserRow) -> Result<Option<serde_json::Value>, Problem>,
    ) -> Result<UserRow, Problem> {
        for _ in 0..TRIES {
            let mut row = own(self.tenant, self.principal).await?;
            self.condition.check(&ETag::version(row.edits))?;
            let had_summaries = row.notices.wants_any_summary();
            let Some(details) = apply(&mut row)? else {
                return Ok(row);
            };
            let mut tx = Tx::new();
            if row.notices.wants_any_summary() && !had_summaries {
                self.tenant
                    .stage_summaries_wanted(&mut tx, zone)
                    .await
                    .map_err(store_problem)?;
            }
            self.tenant
                .save_user(&mut tx, &mut row)
                .map_err(store_problem)?;
            let entry = Entry::new(self.action, "user", row.id.uuid())
                .version(row.edits)
                .details(details);
            let actor = actor(self.principal, self.request);
            self.tenant
                .log(&mut tx, &actor, entry)
                .map_err(store_problem)?;
            match self.app.store.commit(tx).await {
                Ok(()) => return Ok(row),
                Err(error) if error.is_lost() => {}
                Err(error) => return Err(store_problem(error)),
            }
        }
        Err(Problem::new(Kind::Conflict))
    }
}
