//! The embedded DynamoDB: in memory or in one file, with its expired items removed on a timer.

use std::{path::Path, sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use dynoxide::Database;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    StackError,
    clock::StackClock,
    server::{Stop, stopped},
};

/// How often expired items are removed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// How far the stack's clock may lag behind real time before nothing is removed any more.
const MAX_LAG: TimeDelta = TimeDelta::seconds(60);

/// Opens the database in `directory`, or one in memory.
pub(crate) fn open(directory: Option<&Path>) -> Result<Database, StackError> {
    let failed = |error: dynoxide::DynoxideError| StackError::Database(error.to_string());
    let Some(directory) = directory else {
        return Database::memory().map_err(failed);
    };
    let path = directory.join("dynamodb.sqlite");
    let path = path
        .to_str()
        .ok_or_else(|| StackError::Database("the path is not UTF-8".to_owned()))?;
    Database::new(path).map_err(failed)
}

/// Serves `database` and sweeps it until the stack stops.
pub(crate) fn start(
    tasks: &mut JoinSet<()>,
    listener: TcpListener,
    database: Database,
    clock: Arc<dyn StackClock>,
    stop: Stop,
) {
    tasks.spawn(sweep(database.clone(), clock, stop.clone()));
    tasks.spawn(async move {
        let served = dynoxide::server::serve_with_shutdown(listener, database, stopped(stop)).await;
        if let Err(error) = served {
            tracing::error!(%error, "local DynamoDB ended");
        }
    });
}

/// Removes expired items from time to time.
///
/// The database judges expiry by real time. A stack whose clock stands in the past would lose items
/// that have not expired for it, so there nothing is removed: expiry is garbage collection only.
async fn sweep(database: Database, clock: Arc<dyn StackClock>, stop: Stop) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEEP_INTERVAL) => {}
            () = stopped(stop.clone()) => return,
        }
        if clock.now() + MAX_LAG < Utc::now() {
            continue;
        }
        let database = database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(removed)) => tracing::debug!(removed, "expired items removed"),
            Ok(Err(error)) => tracing::warn!(%error, "expired items not removed"),
        }
    }
}
