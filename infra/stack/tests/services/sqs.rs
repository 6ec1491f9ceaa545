use std::time::{Duration, Instant};

use aws_sdk_sqs::{
    Client,
    types::{
        DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
        QueueAttributeName as Name, SendMessageBatchRequestEntry,
    },
};
use chrono::TimeDelta;

use crate::{code, ephemeral, with_manual_clock};

async fn queue(sqs: &Client, name: &str) -> String {
    sqs.create_queue()
        .queue_name(name)
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap()
}

async fn receive(sqs: &Client, url: &str, max: i32) -> Vec<Message> {
    let output = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(max)
        .send()
        .await;
    output.unwrap().messages.unwrap_or_default()
}

async fn attribute(sqs: &Client, url: &str, name: Name) -> String {
    let output = sqs
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(Name::All)
        .send()
        .await;
    output.unwrap().attributes.unwrap().remove(&name).unwrap()
}

#[tokio::test]
async fn a_message_is_received_once_and_gone_when_deleted() {
    let (stack, clock) = with_manual_clock().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "dial").await;
    assert_eq!(
        sqs.get_queue_url()
            .queue_name("dial")
            .send()
            .await
            .unwrap()
            .queue_url,
        Some(url.clone())
    );
    let sent = sqs
        .send_message()
        .queue_url(&url)
        .message_body("hello")
        .send()
        .await
        .unwrap();
    assert_eq!(
        sent.md5_of_message_body(),
        Some("5d41402abc4b2a76b9719d911017c592")
    );

    let messages = receive(&sqs, &url, 10).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].body(), Some("hello"));
    assert_eq!(messages[0].message_id(), sent.message_id());
    assert!(receive(&sqs, &url, 10).await.is_empty(), "it is invisible");

    let handle = messages[0].receipt_handle().unwrap();
    sqs.delete_message()
        .queue_url(&url)
        .receipt_handle(handle)
        .send()
        .await
        .unwrap();
    clock.advance(TimeDelta::hours(13));
    assert!(receive(&sqs, &url, 10).await.is_empty(), "it is deleted");
}

#[tokio::test]
async fn an_undeleted_message_comes_back_and_only_its_latest_receipt_counts() {
    let (stack, clock) = with_manual_clock().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "q").await;
    sqs.send_message()
        .queue_url(&url)
        .message_body("x")
        .send()
        .await
        .unwrap();
    let first = receive(&sqs, &url, 1).await.remove(0);
    clock.advance(TimeDelta::seconds(29));
    assert!(receive(&sqs, &url, 1).await.is_empty());
    clock.advance(TimeDelta::seconds(1));
    let output = sqs
        .receive_message()
        .queue_url(&url)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send();
    let second = output.await.unwrap().messages.unwrap().remove(0);
    let shown = second.attributes().unwrap();
    assert_eq!(
        shown[&MessageSystemAttributeName::ApproximateReceiveCount],
        "2"
    );
    assert_eq!(
        shown[&MessageSystemAttributeName::SentTimestamp],
        "1772355600000"
    );

    let delete = |handle: String| {
        sqs.delete_message()
            .queue_url(&url)
            .receipt_handle(handle)
            .send()
    };
    delete(first.receipt_handle.unwrap()).await.unwrap();
    assert_eq!(
        attribute(&sqs, &url, Name::ApproximateNumberOfMessagesNotVisible).await,
        "1"
    );
    delete(second.receipt_handle.unwrap()).await.unwrap();
    assert_eq!(
        attribute(&sqs, &url, Name::ApproximateNumberOfMessagesNotVisible).await,
        "0"
    );
    assert_eq!(
        code(delete("nonsense".to_owned()).await),
        "ReceiptHandleIsInvalid"
    );
}

#[tokio::test]
async fn delays_follow_the_clock_and_end_at_900_seconds() {
    let (stack, clock) = with_manual_clock().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "q").await;
    let send = |delay: i32| {
        sqs.send_message()
            .queue_url(&url)
            .message_body("x")
            .delay_seconds(delay)
            .send()
    };
    send(900).await.unwrap();
    assert_eq!(code(send(901).await), "InvalidParameterValue");
    assert_eq!(code(send(-1).await), "InvalidParameterValue");
    assert_eq!(
        attribute(&sqs, &url, Name::ApproximateNumberOfMessagesDelayed).await,
        "1"
    );
    clock.advance(TimeDelta::milliseconds(899_999));
    assert!(receive(&sqs, &url, 10).await.is_empty());
    clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(receive(&sqs, &url, 10).await.len(), 1);
}

#[tokio::test]
async fn a_queue_has_its_own_delay_unless_the_message_says_otherwise() {
    let (stack, clock) = with_manual_clock().await;
    let sqs = stack.sqs();
    let create = sqs
        .create_queue()
        .queue_name("q")
        .attributes(Name::DelaySeconds, "60");
    let url = create.send().await.unwrap().queue_url.unwrap();
    sqs.send_message()
        .queue_url(&url)
        .message_body("late")
        .send()
        .await
        .unwrap();
    sqs.send_message()
        .queue_url(&url)
        .message_body("now")
        .delay_seconds(0)
        .send()
        .await
        .unwrap();
    let now = receive(&sqs, &url, 10).await;
    assert_eq!(
        now.iter()
            .map(|message| message.body().unwrap())
            .collect::<Vec<_>>(),
        ["now"]
    );
    clock.advance(TimeDelta::seconds(59));
    let late = receive(&sqs, &url, 10).await;
    assert!(!late.iter().any(|message| message.body() == Some("late")));
    clock.advance(TimeDelta::seconds(1));
    let late = receive(&sqs, &url, 10).await;
    assert!(late.iter().any(|message| message.body() == Some("late")));
}

#[tokio::test]
async fn a_long_poll_ends_when_a_message_comes_when_the_clock_moves_and_in_time() {
    let (stack, clock) = with_manual_clock().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "q").await;
    let poll = |seconds: i32| {
        sqs.receive_message()
            .queue_url(&url)
            .wait_time_seconds(seconds)
            .send()
    };

    let begun = Instant::now();
    assert!(poll(1).await.unwrap().messages().is_empty());
    assert!(begun.elapsed() >= Duration::from_secs(1));

    let begun = Instant::now();
    let later = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        sqs.send_message()
            .queue_url(&url)
            .message_body("x")
            .send()
            .await
            .unwrap();
    };
    let (polled, ()) = tokio::join!(poll(20), later);
    assert_eq!(polled.unwrap().messages().len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(5));

    sqs.send_message()
        .queue_url(&url)
        .message_body("y")
        .delay_seconds(600)
        .send()
        .await
        .unwrap();
    let begun = Instant::now();
    let later = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        clock.advance(TimeDelta::seconds(600));
    };
    let (polled, ()) = tokio::join!(poll(20), later);
    assert_eq!(polled.unwrap().messages().len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(code(poll(21).await), "InvalidParameterValue");
}

#[tokio::test]
async fn a_shutdown_ends_long_polls() {
    let stack = ephemeral().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "q").await;
    let poll = tokio::spawn(
        sqs.receive_message()
            .queue_url(&url)
            .wait_time_seconds(20)
            .send(),
    );
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    stack.shutdown().await;
    assert!(poll.await.unwrap().unwrap().messages().is_empty());
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn messages_over_256_kb_and_bad_characters_are_refused() {
    let stack = ephemeral().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "q").await;
    let send = |body: String| sqs.send_message().queue_url(&url).message_body(body).send();
    send("x".repeat(262_144)).await.unwrap();
    assert_eq!(
        code(send("x".repeat(262_145)).await),
        "InvalidParameterValue"
    );
    assert_eq!(code(send(String::new()).await), "MissingParameter");
    assert_eq!(
        code(send("\u{1}".to_owned()).await),
        "InvalidMessageContents"
    );
    let attribute = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("v")
        .build()
        .unwrap();
    let with_attribute = sqs
        .send_message()
        .queue_url(&url)
        .message_body("x".repeat(262_144))
        .message_attributes("k", attribute);
    assert_eq!(code(with_attribute.send().await), "InvalidParameterValue");
    assert_eq!(
        code(send("x".repeat(3 * 1024 * 1024)).await),
        "RequestEntityTooLargeException"
    );
}

#[tokio::test]
async fn batches_answer_entry_by_entry() {
    let stack = ephemeral().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "q").await;
    let entry = |id: &str, body: &str, delay: i32| {
        let entry = SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(body);
        entry.delay_seconds(delay).build().unwrap()
    };
    let send = |entries: Vec<_>| {
        sqs.send_message_batch()
            .queue_url(&url)
            .set_entries(Some(entries))
            .send()
    };
    let answer = send(vec![entry("a", "one", 0), entry("b", "two", 901)])
        .await
        .unwrap();
    assert_eq!(
        answer
            .successful()
            .iter()
            .map(|entry| entry.id())
            .collect::<Vec<_>>(),
        ["a"]
    );
    assert_eq!(answer.failed()[0].id(), "b");
    assert_eq!(answer.failed()[0].code(), "InvalidParameterValue");
    assert!(answer.failed()[0].sender_fault());

    let prefix = "AWS.SimpleQueueService.";
    let many = (0..11).map(|n| entry(&n.to_string(), "x", 0)).collect();
    assert_eq!(
        code(send(many).await),
        format!("{prefix}TooManyEntriesInBatchRequest")
    );
    let same = vec![entry("a", "x", 0), entry("a", "x", 0)];
    assert_eq!(
        code(send(same).await),
        format!("{prefix}BatchEntryIdsNotDistinct")
    );
    assert_eq!(
        code(send(Vec::new()).await),
        format!("{prefix}EmptyBatchRequest")
    );
    let half = "x".repeat(131_073);
    let long = vec![entry("a", &half, 0), entry("b", &half, 0)];
    assert_eq!(
        code(send(long).await),
        format!("{prefix}BatchRequestTooLong")
    );

    send((0..9).map(|n| entry(&n.to_string(), "x", 0)).collect())
        .await
        .unwrap();
    let received = receive(&sqs, &url, 10).await;
    assert_eq!(received.len(), 10);
    let entries = received.iter().enumerate().map(|(n, message)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(n.to_string());
        entry
            .receipt_handle(message.receipt_handle().unwrap())
            .build()
            .unwrap()
    });
    let delete = sqs
        .delete_message_batch()
        .queue_url(&url)
        .set_entries(Some(entries.collect()));
    assert_eq!(delete.send().await.unwrap().successful().len(), 10);
    assert_eq!(
        attribute(&sqs, &url, Name::ApproximateNumberOfMessagesNotVisible).await,
        "0"
    );
}

#[tokio::test]
async fn visibility_can_be_shortened_and_prolonged() {
    let (stack, clock) = with_manual_clock().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "q").await;
    sqs.send_message()
        .queue_url(&url)
        .message_body("x")
        .send()
        .await
        .unwrap();
    let handle = receive(&sqs, &url, 1)
        .await
        .remove(0)
        .receipt_handle
        .unwrap();
    let change = |handle: &str, seconds: i32| {
        let change = sqs
            .change_message_visibility()
            .queue_url(&url)
            .receipt_handle(handle);
        change.visibility_timeout(seconds).send()
    };
    change(&handle, 120).await.unwrap();
    clock.advance(TimeDelta::seconds(119));
    assert!(receive(&sqs, &url, 1).await.is_empty());
    change(&handle, 0).await.unwrap();
    let again = receive(&sqs, &url, 1)
        .await
        .remove(0)
        .receipt_handle
        .unwrap();
    assert_eq!(
        code(change(&handle, 10).await),
        "AWS.SimpleQueueService.MessageNotInflight"
    );
    assert_eq!(code(change(&again, 43_201).await), "InvalidParameterValue");
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue() {
    let (stack, clock) = with_manual_clock().await;
    let sqs = stack.sqs();
    let dead = queue(&sqs, "dead").await;
    let arn = attribute(&sqs, &dead, Name::QueueArn).await;
    let policy = |arn: &str| format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"2"}}"#);
    let create = |policy: String| {
        sqs.create_queue()
            .queue_name("q")
            .attributes(Name::RedrivePolicy, policy)
            .send()
    };
    assert_eq!(
        code(create(policy("arn:aws:sqs:eu-west-2:000000000000:nowhere")).await),
        "InvalidAttributeValue"
    );
    let url = create(policy(&arn)).await.unwrap().queue_url.unwrap();
    sqs.send_message()
        .queue_url(&url)
        .message_body("poison")
        .send()
        .await
        .unwrap();
    for _ in 0..2 {
        assert_eq!(receive(&sqs, &url, 1).await.len(), 1);
        assert!(receive(&sqs, &dead, 1).await.is_empty());
        clock.advance(TimeDelta::seconds(30));
    }
    assert!(receive(&sqs, &url, 1).await.is_empty());
    let buried = receive(&sqs, &dead, 1).await;
    assert_eq!(buried[0].body(), Some("poison"));
}

#[tokio::test]
async fn queues_are_created_once_and_unknown_ones_are_an_error() {
    let stack = ephemeral().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "q").await;
    assert_eq!(queue(&sqs, "q").await, url);
    let other = sqs
        .create_queue()
        .queue_name("q")
        .attributes(Name::DelaySeconds, "5");
    assert_eq!(code(other.send().await), "QueueAlreadyExists");
    let fifo = sqs.create_queue().queue_name("q.fifo").send().await;
    assert_eq!(code(fifo), "AWS.SimpleQueueService.UnsupportedOperation");

    let missing = url.replace("/q", "/missing");
    let sent = sqs
        .send_message()
        .queue_url(&missing)
        .message_body("x")
        .send()
        .await;
    assert!(
        sent.unwrap_err()
            .into_service_error()
            .is_queue_does_not_exist()
    );
    let found = sqs.get_queue_url().queue_name("missing").send().await;
    assert!(
        found
            .unwrap_err()
            .into_service_error()
            .is_queue_does_not_exist()
    );

    let set = |name: Name, value: &str| {
        sqs.set_queue_attributes()
            .queue_url(&url)
            .attributes(name, value)
            .send()
    };
    set(Name::VisibilityTimeout, "300").await.unwrap();
    assert_eq!(attribute(&sqs, &url, Name::VisibilityTimeout).await, "300");
    assert_eq!(
        code(set(Name::DelaySeconds, "901").await),
        "InvalidAttributeValue"
    );
    assert_eq!(
        code(set("Nonsense".into(), "1").await),
        "InvalidAttributeName"
    );
}

#[tokio::test]
async fn message_attributes_travel_with_their_digest() {
    let stack = ephemeral().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "q").await;
    let attribute = |text: &str| {
        MessageAttributeValue::builder()
            .data_type("String")
            .string_value(text)
            .build()
            .unwrap()
    };
    let send = sqs.send_message().queue_url(&url).message_body("x");
    let sent = send
        .message_attributes("kind", attribute("wake"))
        .send()
        .await
        .unwrap();
    // MD5 of the length-prefixed name, type and value.
    assert_eq!(sent.md5_of_message_attributes(), Some(KIND_WAKE_MD5));
    let receive = sqs
        .receive_message()
        .queue_url(&url)
        .message_attribute_names("other.*");
    let message = receive.send().await.unwrap().messages.unwrap().remove(0);
    assert!(message.message_attributes().is_none(), "no name begins so");
    sqs.change_message_visibility()
        .queue_url(&url)
        .receipt_handle(message.receipt_handle().unwrap())
        .visibility_timeout(0)
        .send()
        .await
        .unwrap();
    let receive = sqs
        .receive_message()
        .queue_url(&url)
        .message_attribute_names("ki.*");
    let message = receive.send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!(
        message.message_attributes().unwrap()["kind"].string_value(),
        Some("wake")
    );
    assert_eq!(
        message.md5_of_message_attributes(),
        sent.md5_of_message_attributes()
    );
}

/// Of one attribute `kind`, String, `wake`, worked out apart from the code under test.
const KIND_WAKE_MD5: &str = "0f862ced7793c7d507e3f5ba948d0ed4";

#[tokio::test]
async fn the_hooks_see_all_that_was_sent_and_can_lose_it() {
    let (stack, clock) = with_manual_clock().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "q").await;
    queue(&sqs, "idle").await;
    for body in ["one", "two", "three"] {
        sqs.send_message()
            .queue_url(&url)
            .message_body(body)
            .send()
            .await
            .unwrap();
    }
    let received = receive(&sqs, &url, 1)
        .await
        .remove(0)
        .receipt_handle
        .unwrap();
    sqs.delete_message()
        .queue_url(&url)
        .receipt_handle(received)
        .send()
        .await
        .unwrap();
    receive(&sqs, &url, 1).await;
    stack.drop_all_messages();
    clock.advance(TimeDelta::hours(1));
    assert!(receive(&sqs, &url, 10).await.is_empty());
    assert_eq!(stack.message_counts()["q"], 3);
    assert_eq!(stack.message_counts()["idle"], 0);
    assert_eq!(stack.dump_bodies()["q"], ["one", "two", "three"]);

    sqs.send_message()
        .queue_url(&url)
        .message_body("four")
        .send()
        .await
        .unwrap();
    sqs.purge_queue().queue_url(&url).send().await.unwrap();
    assert!(receive(&sqs, &url, 10).await.is_empty());
}

#[tokio::test]
async fn messages_end_with_the_retention_period() {
    let (stack, clock) = with_manual_clock().await;
    let sqs = stack.sqs();
    let url = queue(&sqs, "q").await;
    sqs.send_message()
        .queue_url(&url)
        .message_body("x")
        .send()
        .await
        .unwrap();
    clock.advance(TimeDelta::days(4) + TimeDelta::seconds(1));
    assert!(receive(&sqs, &url, 1).await.is_empty());
}
