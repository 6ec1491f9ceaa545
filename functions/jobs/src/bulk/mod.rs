//! Work on many contacts (S0 "Bulk Operations System", S2 "Group Bulk Operations", rules.md Bulk work): looked at first,
//! done at once for a few, done as a job for more. What is asked by a filter comes from whoever holds the tenant's view
//! (`functions/view`), which hands over who was found ([`Asked::perform`]).

mod body;
mod group;
mod preview;
mod select;
mod undo;

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use vio_domain::bulk::{MOST_AT_ONCE, MOST_RUNNING, Operation};
use vio_domain::ids::{ContactId, GroupId, JobId};
use vio_domain::permission::{Permission, Role};
use vio_domain::settings::Settings;
use vio_domain::text::Tag;
use vio_http::idempotency::KeyedRequest;
use vio_http::{Json, Kind, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::queues::JobMessage;
use vio_runtime::web::{actor, store_problem};
use vio_store::bulk::{NewBulk, Target};
use vio_store::jobs::{JobRow, JobStatus};
use vio_store::log::Actor;
use vio_store::tenants::TenantSettings;
use vio_store::tx::Tx;
use vio_store::{StoreError, TenantStore};

pub use self::body::{FieldUpdates, GroupChanges, KindOf, Wanted};
pub use self::preview::DoneOrPreview;
pub use self::select::{Chosen, by_ids, of_named_group, refuse_more};
pub use crate::show::Job;
use crate::work::actor_of;

pub(crate) use group::{bulk_add, bulk_operations, bulk_remove, clear, undo_members};
pub(crate) use undo::{results, undo};

// What `routes!` looks for beside each handler.
pub(crate) use group::{
    __path_bulk_add, __path_bulk_operations, __path_bulk_remove, __path_clear, __path_undo_members,
};
pub(crate) use undo::{__path_results, __path_undo};

/// A request for work: whose it is, and all that work on it reads.
pub struct Caller {
    app: App,
    pub ts: TenantStore,
    settings: TenantSettings,
    pub who: Principal,
    by: Actor,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller")
            .field("tenant", &self.ts.id)
            .finish_non_exhaustive()
    }
}

impl Caller {
    pub async fn new(app: App, who: Principal, request: RequestId) -> Result<Self, Problem> {
        let (ts, settings) = app.tenant_with_settings(&who).await?;
        let by = actor(&who, request);
        Ok(Self {
            app,
            ts,
            settings,
            who,
            by,
        })
    }

    /// What work is asked for with.
    pub fn asked(&self) -> Asked<'_> {
        Asked {
            app: &self.app,
            ts: &self.ts,
            settings: &self.settings.settings,
            who: &self.who,
            by: &self.by,
        }
    }

    /// Runs `work` once per key of the request ([`once`]). It is given the id of what it begins.
    pub async fn once<'a, F>(
        &'a self,
        keyed: Option<KeyedRequest>,
        work: impl FnOnce(Asked<'a>, Uuid) -> F,
    ) -> Result<Response, Problem>
    where
        F: Future<Output = Result<Response, Problem>>,
    {
        let asked = self.asked();
        let tenant = self.who.tenant_id;
        self.app.once(tenant, keyed, |id| work(asked, id)).await
    }
}

/// Who asks for work.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub app: &'a App,
    pub ts: &'a TenantStore,
    pub settings: &'a Settings,
    pub who: &'a Principal,
    pub by: &'a Actor,
}

impl std::fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked")
            .field("tenant", &self.ts.id)
            .finish_non_exhaustive()
    }
}

/// Deleting many is for administrators (S0, S2).
pub fn may(who: &Principal, kind: KindOf) -> Result<(), Problem> {
    let deletes =
        who.role == Role::ClientAdmin && who.permissions.contains(Permission::DeleteContacts);
    if kind == KindOf::Delete && !deletes {
        return Err(Problem::lacks(&[Permission::DeleteContacts])
            .detail("Only administrators delete many contacts at once."));
    }
    Ok(())
}

impl Asked<'_> {
    /// Says what an operation would do, or does it. `selection`: how its contacts were chosen, for the log, where it is
    /// sealed.
    pub async fn perform(
        &self,
        id: Uuid,
        operation: Operation,
        targets: Chosen,
        selection: Value,
        dry_run: bool,
    ) -> Result<Response, Problem> {
        if dry_run {
            let preview = preview::preview(*self, &operation, &targets, &selection).await?;
            return Ok(Json(preview).into_response());
        }
        let job = self.begin(id, operation, None, targets, selection).await?;
        Ok(answer(self.ts, &job))
    }

    /// Begins an operation: a few contacts are done with when this answers, more are a job.
    async fn begin(
        &self,
        id: Uuid,
        operation: Operation,
        group: Option<GroupId>,
        targets: Chosen,
        selection: Value,
    ) -> Result<JobRow, Problem> {
        let new = NewBulk {
            id: JobId::new(id),
            operation,
            group,
            targets,
            selection,
        };
        self.begin_with(Tx::new(), new, store_problem).await
    }

    /// Begins an operation in one transaction with what `tx` holds. `refused`: what it is where that is lost.
    async fn begin_with(
        &self,
        tx: Tx,
        new: NewBulk,
        refused: impl FnOnce(StoreError) -> Problem,
    ) -> Result<JobRow, Problem> {
        let ts = self.ts;
        let at_once = new.targets.len() <= MOST_AT_ONCE;
        if !at_once && ts.job(new.id).await.map_err(store_problem)?.is_none() {
            self.room().await?;
        }
        let job = ts
            .begin_bulk_with(tx, new, self.by)
            .await
            .map_err(refused)?;
        self.go_on(job, at_once).await
    }

    /// Commits a change of the tenant's list of tags, staged in `tx`, and carries it to the contacts that have the tag.
    /// None where nobody has. `refused`: what it is where the change is lost.
    pub async fn retag(
        &self,
        tx: Tx,
        (from, to): (Tag, Option<Tag>),
        contacts: Vec<ContactId>,
        refused: impl FnOnce(StoreError) -> Problem,
    ) -> Result<Option<JobRow>, Problem> {
        if contacts.is_empty() {
            let done = self.app.store.commit(tx).await;
            return done.map(|()| None).map_err(refused);
        }
        let targets = contacts.into_iter().map(|contact| Target {
            contact,
            refused: None,
        });
        let new = NewBulk {
            id: JobId::new(self.ts.new_id()),
            operation: Operation::Retag { from, to },
            group: None,
            targets: targets.collect(),
            selection: json!({ "with_tag": true }),
        };
        self.begin_with(tx, new, refused).await.map(Some)
    }

    /// Does a job at once, or hands it on.
    async fn go_on(&self, mut job: JobRow, at_once: bool) -> Result<JobRow, Problem> {
        let ts = self.ts;
        if !at_once {
            let message = JobMessage {
                tenant: ts.id,
                job: job.id,
            };
            if let Err(error) = self.app.queues.job(message).await {
                tracing::warn!(tenant = %ts.id, %error, "a job was not handed on; the tick finds it");
            }
            return Ok(job);
        }
        let by = actor_of(&job);
        while job.status == JobStatus::Running {
            let id = job.id;
            let next = ts
                .bulk_next_part(self.settings, job, &by)
                .await
                .map_err(store_problem)?;
            job = match next {
                Some(job) => job,
                // Another worker has it, after a long break.
                None => {
                    let there = ts.job(id).await.map_err(store_problem)?;
                    return there.ok_or_else(Problem::not_found);
                }
            };
        }
        Ok(job)
    }

    /// Refuses one job more where enough are under way. Jobs begun at the same instant may slip through together; what
    /// they change in a second is bounded all the same (`work`).
    async fn room(&self) -> Result<(), Problem> {
        if self.ts.bulk_running().await.map_err(store_problem)? >= MOST_RUNNING {
            return Err(Problem::new(Kind::TooManyJobs).retry_after(30));
        }
        Ok(())
    }
}

/// The answer with a job.
fn answer(ts: &TenantStore, job: &JobRow) -> Response {
    answer_with(job, Job::new(job, ts.now()))
}

/// The answer with what became of a job so far: 200 where it is over, 202 with its place where it goes on.
pub fn answer_with(job: &JobRow, body: impl Serialize) -> Response {
    if job.status == JobStatus::Running {
        let place = format!("/api/jobs/{}", job.id);
        return (
            StatusCode::ACCEPTED,
            [(header::LOCATION, place)],
            Json(body),
        )
            .into_response();
    }
    Json(body).into_response()
}
