//! The embedded DynamoDB: in memory or in one file, with its expired items removed on a timer.

use std::{path::Path, sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use dynoxide::Database;
use tokio::{net::TcpListener, task::JoinSet};
use uuid::Uuid;

use crate::{
    StackError,
    clock::StackClock,
    server::{Stop, stopped},
};

/// How often expired items are removed. A sweep reads every table whole, which takes a large one's time from all else;
/// DynamoDB itself takes days over it, so nothing may count on it.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);
/// How far the stack's clock may lag behind real time before nothing is removed any more.
const MAX_LAG: TimeDelta = TimeDelta::seconds(60);

/// How long DynamoDB keeps a stream's records.
const STREAM_KEPT: TimeDelta = TimeDelta::hours(24);

/// Opens the database in `directory`, or one in memory.
pub(crate) fn open(directory: Option<&Path>) -> Result<Database, StackError> {
    let failed = |error: dynoxide::DynoxideError| StackError::Database(error.to_string());
    let place = match directory {
        // A name of its own and a shared cache, so that the database in memory can be opened a second time.
        None => format!("file:{}?mode=memory&cache=shared", Uuid::now_v7()),
        Some(directory) => {
            let path = directory.join("dynamodb.sqlite");
            path.to_str()
                .ok_or_else(|| StackError::Database("the path is not UTF-8".to_owned()))?
                .to_owned()
        }
    };
    let database = Database::new(&place).map_err(failed)?;
    tend_streams(&place).map_err(|error| StackError::Database(error.to_string()))?;
    Ok(database)
}

/// Every write asks for the highest number in its table's stream, and the database would read the whole stream for it:
/// this index answers at once. What DynamoDB would not keep any more is dropped here, at the start, as nothing else does.
fn tend_streams(place: &str) -> rusqlite::Result<()> {
    let connection = rusqlite::Connection::open(place)?;
    connection.execute(
        "CREATE INDEX IF NOT EXISTS vio_stream_order
         ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
        [],
    )?;
    let kept_since = (Utc::now() - STREAM_KEPT).timestamp();
    connection.execute(
        "DELETE FROM _stream_records WHERE created_at < ?1",
        [kept_since],
    )?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_number_of_a_stream_is_found_without_reading_the_stream_and_old_records_go() {
        let directory = tempfile::tempdir().unwrap();
        drop(open(Some(directory.path())).unwrap());
        let file = directory.path().join("dynamodb.sqlite");
        let connection = rusqlite::Connection::open(&file).unwrap();
        let plan: String = connection
            .query_row(
                "EXPLAIN QUERY PLAN SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1
                 FROM _stream_records WHERE table_name = ?1",
                ["main"],
                |row| row.get(3),
            )
            .unwrap();
        assert!(plan.contains("vio_stream_order"), "{plan}");
        let now = Utc::now().timestamp();
        for (number, created_at) in [(1, now - 25 * 3600), (2, now - 23 * 3600)] {
            connection
                .execute(
                    "INSERT INTO _stream_records
                     (table_name, event_name, keys_json, sequence_number, shard_id, created_at)
                     VALUES ('main', 'INSERT', '{}', ?1, 'shard', ?2)",
                    [number, created_at],
                )
                .unwrap();
        }
        drop(connection);
        drop(open(Some(directory.path())).unwrap());
        let connection = rusqlite::Connection::open(&file).unwrap();
        let left: i64 = connection
            .query_row("SELECT MIN(id) FROM _stream_records", [], |row| row.get(0))
            .unwrap();
        assert_eq!(left, 2);
    }
}
