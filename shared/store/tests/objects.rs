//! The bucket in memory and the embedded S3 behind the SDK behave alike, and faults are told apart.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use uuid::Uuid;
use vio_domain::ids::TenantId;
use vio_stack::{Stack, StackOptions};
use vio_store::key;
use vio_store::objects::{Fault, MemoryObjects, ObjectError, ObjectName, Objects, Put, S3Objects};

const BUCKET: &str = "objects";

fn name(number: u128) -> ObjectName {
    key::inbox_object(TenantId::new(Uuid::from_u128(1)), Uuid::from_u128(number))
}

fn s3(stack: &Stack, bucket: &str) -> S3Objects {
    let config = aws_sdk_s3::config::Builder::from(stack.sdk_config())
        .endpoint_url(&stack.endpoints().s3)
        .force_path_style(true);
    S3Objects::new(config, bucket.to_owned())
}

async fn stack() -> Stack {
    let stack = Stack::start(StackOptions::ephemeral()).await.unwrap();
    let made = stack.s3().create_bucket().bucket(BUCKET).send().await;
    made.unwrap();
    stack
}

async fn behaves(objects: &dyn Objects) {
    let (one, other) = (name(1), name(2));
    assert_eq!(objects.get(&one).await.unwrap(), None);
    objects.delete(&one).await.unwrap();
    // Bytes of every value, and more than one packet of them.
    let large: Vec<u8> = (0..5_000_000_u32).map(|at| at.to_le_bytes()[0]).collect();
    let put = objects.put_if_absent(&one, large.clone()).await.unwrap();
    assert_eq!(put, Put::Created);
    let put = objects.put_if_absent(&one, vec![1]).await.unwrap();
    assert_eq!(put, Put::Exists);
    assert_eq!(objects.get(&one).await.unwrap(), Some(large));
    assert_eq!(objects.get(&other).await.unwrap(), None);
    let put = objects.put_if_absent(&other, Vec::new()).await.unwrap();
    assert_eq!(put, Put::Created);
    assert_eq!(objects.get(&other).await.unwrap(), Some(Vec::new()));
    objects.delete(&one).await.unwrap();
    assert_eq!(objects.get(&one).await.unwrap(), None);
    let put = objects.put_if_absent(&one, vec![2]).await.unwrap();
    assert_eq!(put, Put::Created);
    assert_eq!(objects.get(&one).await.unwrap(), Some(vec![2]));
}

#[tokio::test]
async fn the_bucket_in_memory() {
    behaves(&MemoryObjects::new()).await;
}

#[tokio::test]
async fn the_bucket_in_s3() {
    let stack = stack().await;
    behaves(&s3(&stack, BUCKET)).await;
    stack.shutdown().await;
}

#[tokio::test]
async fn of_two_at_once_one_is_first() {
    let stack = stack().await;
    let objects = s3(&stack, BUCKET);
    for number in 0..10 {
        let name = name(number);
        let tries = (0..4_u8).map(|writer| objects.put_if_absent(&name, vec![writer; 1000]));
        let puts = futures::future::join_all(tries).await;
        let first = puts
            .iter()
            .filter(|put| matches!(put, Ok(Put::Created)))
            .count();
        assert_eq!(first, 1, "{puts:?}");
        let kept = objects.get(&name).await.unwrap().unwrap();
        assert!(kept.len() == 1000 && kept.iter().all(|byte| *byte == kept[0]));
    }
    stack.shutdown().await;
}

#[tokio::test]
async fn a_bucket_that_is_away_says_so() {
    let stack = stack().await;
    // Neither a bucket that is not there nor a service that is gone counts as a missing object.
    let nowhere = s3(&stack, "no-such-bucket");
    let gone = s3(&stack, BUCKET);
    let failed = nowhere.put_if_absent(&name(1), vec![1]).await;
    assert!(
        matches!(failed, Err(ObjectError::Unavailable(_))),
        "{failed:?}"
    );
    let failed = nowhere.get(&name(1)).await;
    assert!(
        matches!(failed, Err(ObjectError::Unavailable(_))),
        "{failed:?}"
    );
    stack.shutdown().await;
    let failed = gone.put_if_absent(&name(1), vec![1]).await;
    assert!(
        matches!(failed, Err(ObjectError::Unavailable(_))),
        "{failed:?}"
    );
    let failed = gone.get(&name(1)).await;
    assert!(
        matches!(failed, Err(ObjectError::Unavailable(_))),
        "{failed:?}"
    );
    let failed = gone.delete(&name(1)).await;
    assert!(
        matches!(failed, Err(ObjectError::Unavailable(_))),
        "{failed:?}"
    );
}

#[tokio::test]
async fn faults_of_the_bucket_in_memory() {
    let objects = MemoryObjects::new();
    objects.fail(Fault::LostRequest);
    assert!(objects.put_if_absent(&name(1), vec![1]).await.is_err());
    objects.fail(Fault::LostAnswer);
    assert!(objects.put_if_absent(&name(2), vec![2]).await.is_err());
    objects.fail(Fault::None);
    let held: Vec<_> = objects.dump().into_keys().collect();
    assert_eq!(held, [name(2)]);
}
