//! Doing the work of a job, part by part.

use std::time::{Duration, Instant};

use vio_domain::bulk::MOST_PER_SECOND;
use vio_domain::ids::ContactId;
use vio_runtime::App;
use vio_runtime::batch::MessageError;
use vio_runtime::crash;
use vio_runtime::queues::JobMessage;
use vio_store::jobs::{JobRow, JobStatus, JobWork};
use vio_store::log::{Actor, Who};
use vio_store::{StoreError, TenantStore};

/// How long one run goes on; the rest is left to the next, which is asked for at once.
const RUN: Duration = Duration::from_secs(60);

/// Goes on with a job. A message about one that is over, or that another worker has, does nothing.
pub async fn process(app: &App, message: JobMessage) -> Result<(), MessageError> {
    run(app, &message).await.map_err(MessageError::retry)
}

async fn run(app: &App, message: &JobMessage) -> Result<(), StoreError> {
    let Some(ts) = app.store.tenant(message.tenant).await? else {
        return Ok(());
    };
    let Some(mut job) = ts.take_job(message.job).await? else {
        return Ok(());
    };
    let started = Instant::now();
    while job.status == JobStatus::Running {
        if started.elapsed() >= RUN {
            ts.release_job(job).await?;
            if let Err(error) = app.queues.job(message.clone()).await {
                tracing::warn!(job = %message.job, %error, "a job was not handed on; the tick finds it");
            }
            return Ok(());
        }
        let next = match job.work.clone() {
            JobWork::DncImport => {
                let country = ts.settings().await?.settings.business.country;
                let actor = actor_of(&job);
                ts.import_next_part(job, country, &actor).await?
            }
            JobWork::PlanAnew { contacts, .. } => plan_anew(&ts, job, &contacts).await?,
            JobWork::Bulk { .. } | JobWork::Undo { .. } => {
                let (began, done) = (Instant::now(), job.counts.done);
                let settings = ts.settings().await?.settings;
                let actor = actor_of(&job);
                let next = ts.bulk_next_part(&settings, job, &actor).await?;
                if let Some(next) = &next {
                    let jobs = ts.bulk_running().await?;
                    keep_pace(began, next.counts.done.saturating_sub(done), jobs).await;
                }
                next
            }
        };
        crash::point("job_part");
        match next {
            Some(next) => job = next,
            // Cancelled, or another worker's by now.
            None => return Ok(()),
        }
    }
    tracing::info!(tenant = %ts.id, job = %job.id, done = job.counts.done, "a job is over");
    Ok(())
}

/// Waits until a part took as long as it must, so that the rest of the business's work is not held up: all its jobs
/// together change no more than [`MOST_PER_SECOND`].
async fn keep_pace(began: Instant, contacts: u32, jobs: usize) {
    let jobs = u32::try_from(jobs.max(1)).unwrap_or(u32::MAX);
    let contacts = contacts.saturating_mul(jobs);
    let least = Duration::from_secs(1) * contacts / MOST_PER_SECOND;
    tokio::time::sleep(least.saturating_sub(began.elapsed())).await;
}

/// On whose behalf it is done: of whoever asked for it. The job is the request that its log entries name.
pub(crate) fn actor_of(job: &JobRow) -> Actor {
    match job.created_by {
        Some(id) => Actor {
            who: Who::User { id },
            request_id: Some(job.id.uuid()),
            address: None,
            device: None,
        },
        None => Actor::system("jobs"),
    }
}

async fn plan_anew(
    ts: &TenantStore,
    job: JobRow,
    contacts: &[ContactId],
) -> Result<Option<JobRow>, StoreError> {
    let settings = ts.settings().await?;
    let actor = actor_of(&job);
    for contact in contacts {
        ts.plan_listed_anew(&settings.settings, *contact, &job, &actor)
            .await?;
    }
    ts.finish_plan_anew(job).await.map(|()| None)
}
