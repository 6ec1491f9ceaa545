//! Making a group with its first members, whether typed in, of a template or of a suggestion.

use uuid::Uuid;
use vio_domain::bulk::{GroupChange, MOST_AT_ONCE, MOST_RUNNING, Operation};
use vio_domain::groups::{Color, GroupDescription, GroupName, Icon, Visibility};
use vio_domain::ids::{ContactId, GroupId, JobId};
use vio_http::{Kind, Principal, Problem};
use vio_runtime::App;
use vio_runtime::queues::JobMessage;
use vio_runtime::web::store_problem;
use vio_store::TenantStore;
use vio_store::bulk::{NewBulk, Target};
use vio_store::groups::GroupRow;
use vio_store::log::{Actor, Entry};
use vio_store::tx::Tx;

use crate::one::{is_taken, taken};

/// How a group is made.
pub(crate) struct New {
    pub(crate) name: GroupName,
    pub(crate) description: Option<GroupDescription>,
    pub(crate) color: Color,
    pub(crate) icon: Option<Icon>,
    pub(crate) visibility: Visibility,
    /// The template or suggestion, by [`TenantStore::group_source`].
    pub(crate) made_from: Option<String>,
}

/// Who makes it.
#[derive(Clone, Copy)]
pub(crate) struct Make<'a> {
    pub(crate) app: &'a App,
    pub(crate) ts: &'a TenantStore,
    pub(crate) who: &'a Principal,
    pub(crate) by: &'a Actor,
}

impl Make<'_> {
    /// Makes a group of the operation's id and puts contacts into it; asked again after a crash, it goes on. Answers the
    /// job that still puts some in, if any.
    pub(crate) async fn group(
        &self,
        operation: Uuid,
        new: New,
        contacts: &[ContactId],
    ) -> Result<(GroupId, Option<JobId>), Problem> {
        let ts = self.ts;
        let id = GroupId::new(operation);
        if ts.group(id).await.map_err(store_problem)?.is_none() {
            self.room(contacts.len()).await?;
            let now = ts.now();
            let mut row = GroupRow {
                tenant: ts.id,
                id,
                version: 0,
                edit_version: 1,
                name: new.name,
                description: new.description,
                color: new.color,
                icon: new.icon,
                visibility: new.visibility,
                members: 0,
                archived_at: None,
                made_from: new.made_from.map(|name| ts.group_source(&name)),
                active_at: now,
                created_by: Some(self.who.user_id),
                created_at: now,
                updated_at: now,
            };
            let mut tx = Tx::new();
            ts.create_group(&mut tx, &mut row).map_err(store_problem)?;
            let entry = Entry::new("group.created", "group", id.uuid())
                .version(1)
                .details(serde_json::json!({ "after": { "name": row.name }, "contacts": contacts.len() }));
            ts.log(&mut tx, self.by, entry).map_err(store_problem)?;
            match ts.store.commit(tx).await {
                Err(error) if is_taken(&error) => return Err(taken()),
                other => other.map_err(store_problem)?,
            }
        }
        let job = self.put_in(operation, id, contacts).await?;
        Ok((id, job))
    }

    /// Refuses what would be a job where enough are under way.
    async fn room(&self, contacts: usize) -> Result<(), Problem> {
        let running = self.ts.bulk_running();
        if contacts > MOST_AT_ONCE && running.await.map_err(store_problem)? >= MOST_RUNNING {
            return Err(Problem::new(Kind::TooManyJobs).retry_after(30));
        }
        Ok(())
    }

    /// Puts contacts into a group: a few at once, more by a job. Those that are in it already are left as they are.
    pub(crate) async fn put_in(
        &self,
        operation: Uuid,
        group: GroupId,
        contacts: &[ContactId],
    ) -> Result<Option<JobId>, Problem> {
        let ts = self.ts;
        if contacts.len() <= MOST_AT_ONCE {
            ts.join_group(group, contacts, self.by)
                .await
                .map_err(store_problem)?
                .ok_or_else(|| Problem::new(Kind::GroupArchived))?;
            return Ok(None);
        }
        if ts
            .job(JobId::new(operation))
            .await
            .map_err(store_problem)?
            .is_none()
        {
            self.room(contacts.len()).await?;
        }
        let target = |contact: &ContactId| Target {
            contact: *contact,
            refused: None,
        };
        let new = NewBulk {
            id: JobId::new(operation),
            operation: Operation::Groups {
                change: GroupChange::Add([group].into()),
                reason: None,
            },
            group: Some(group),
            targets: contacts.iter().map(target).collect(),
            selection: serde_json::Value::Null,
        };
        let job = ts.begin_bulk(new, self.by).await.map_err(store_problem)?;
        let message = JobMessage {
            tenant: ts.id,
            job: job.id,
        };
        if let Err(error) = self.app.queues.job(message).await {
            tracing::warn!(tenant = %ts.id, %error, "a job was not handed on; the tick finds it");
        }
        Ok(Some(job.id))
    }
}
