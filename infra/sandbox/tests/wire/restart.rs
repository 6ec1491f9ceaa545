//! What survives a restart.

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use chrono::TimeDelta;
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn calls_keys_script_and_pending_webhooks_survive() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(&[]).await;
    let mut keyed = body_for(&receiver);
    keyed["idempotency_key"] = json!("k");

    let world = world_in(Some(dir.path()), start_of_day()).await;
    world.script(json!({
        "next": [{"disconnection_reason": "user_hangup", "appointment_action": "cancelled"},
                 {"disconnection_reason": "dial_busy"}],
    }));
    let call = world.created(&keyed).await;
    world.advance(10);
    receiver.settle(1).await;
    until(|| world.sandbox.calls()[0].webhooks.len() == 1).await;
    let before = (world.sandbox.calls(), world.sandbox.requests());
    world.sandbox.shutdown().await;

    // Back before the end of the call, as if nothing had been.
    let world = world_in(Some(dir.path()), start_of_day() + TimeDelta::seconds(20)).await;
    assert_eq!((world.sandbox.calls(), world.sandbox.requests()), before);
    assert_eq!(world.created(&keyed).await["call_id"], call["call_id"]);
    assert_eq!(world.sandbox.calls().len(), 1);
    receiver.settle(1).await;
    world.sandbox.shutdown().await;

    // Back long after: what fell due in between is delivered, once, in order.
    let world = world_in(Some(dir.path()), start_of_day() + TimeDelta::hours(1)).await;
    let deliveries = receiver.settle(3).await;
    assert_eq!(
        receiver.events(),
        ["call_started", "call_ended", "call_analyzed"]
    );
    let analysis = &deliveries[2].json()["call"]["call_analysis"];
    assert_eq!(
        analysis["custom_analysis_data"]["appointment_action"],
        "cancelled"
    );
    // The first scripted outcome was taken before the restart, the second was not; the hour is over.
    let second = world.created(&keyed).await;
    assert_ne!(second["call_id"], call["call_id"]);
    assert_eq!(
        world.sandbox.calls()[1].outcome.disconnection_reason,
        "dial_busy"
    );
    until(|| world.sandbox.calls()[0].webhooks.len() == 3).await;
    world.sandbox.shutdown().await;
    world_in(Some(dir.path()), start_of_day() + TimeDelta::hours(1)).await;
    receiver.settle(3).await;
}

/// The journal's entries that hold `text`, read with its key.
fn entries_with(dir: &Path, text: &str) -> usize {
    let key = std::fs::read(dir.join("sandbox-development.key")).unwrap();
    let key = RandomizedNonceKey::new(&AES_256_GCM, &key).unwrap();
    let journal = std::fs::read_to_string(dir.join("sandbox.journal")).unwrap();
    let holds = |line: &&str| {
        let bytes = hex::decode(line).unwrap();
        let (nonce, sealed) = bytes.split_first_chunk().unwrap();
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let entry = key.open_in_place(nonce, Aad::empty(), &mut sealed).unwrap();
        std::str::from_utf8(entry).unwrap().contains(text)
    };
    journal.lines().filter(holds).count()
}

#[tokio::test]
async fn nothing_personal_lies_in_clear_and_deletion_deletes() {
    let dir = tempfile::tempdir().unwrap();
    let world = world_in(Some(dir.path()), start_of_day()).await;
    let call = world.created(&body()).await;
    world.created(&body()).await;
    let journal = dir.path().join("sandbox.journal");
    let text = std::fs::read(&journal).unwrap();
    for canary in [TO, FROM, KEY, "Ada", "attempt-1"] {
        assert!(
            !text
                .windows(canary.len())
                .any(|window| window == canary.as_bytes()),
            "{canary}"
        );
    }
    assert_eq!(entries_with(dir.path(), "Ada"), 2);
    let path = format!("/v2/delete-call/{}", call["call_id"].as_str().unwrap());
    world
        .client
        .delete(world.url(&path))
        .bearer_auth(KEY)
        .send()
        .await
        .unwrap();
    assert_eq!(entries_with(dir.path(), "Ada"), 1);
    assert_eq!(entries_with(dir.path(), TO), 1);
    world.sandbox.shutdown().await;
    let world = world_in(Some(dir.path()), start_of_day()).await;
    let calls = world.sandbox.calls();
    assert!(calls[0].deleted && calls[0].to_number.is_empty());
    assert_eq!(calls[1].to_number, TO);
}

#[tokio::test]
async fn a_line_cut_short_is_dropped_and_a_damaged_one_is_not_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let journal = dir.path().join("sandbox.journal");
    let world = world_in(Some(dir.path()), start_of_day()).await;
    world.created(&body()).await;
    world.created(&body()).await;
    world.sandbox.shutdown().await;
    let whole = std::fs::read(&journal).unwrap();

    std::fs::write(&journal, &whole[..whole.len() - 9]).unwrap();
    let world = world_in(Some(dir.path()), start_of_day()).await;
    assert_eq!(world.sandbox.calls().len(), 1);
    world.created(&body()).await;
    world.sandbox.shutdown().await;
    let world = world_in(Some(dir.path()), start_of_day()).await;
    assert_eq!(world.sandbox.calls().len(), 2);
    world.sandbox.shutdown().await;

    let mut damaged = whole;
    damaged[40] = if damaged[40] == b'0' { b'1' } else { b'0' };
    std::fs::write(&journal, damaged).unwrap();
    let credentials = std::sync::Arc::new(vio_sandbox::StaticCredentials::new());
    let refused = vio_sandbox::Sandbox::start(vio_sandbox::SandboxOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        clock: std::sync::Arc::new(vio_sandbox::OffsetClock::new()),
        data_dir: Some(dir.path().to_path_buf()),
        credentials,
    });
    assert_eq!(
        refused.await.err().unwrap().to_string(),
        "line 1 of the sandbox's journal is damaged"
    );
}
