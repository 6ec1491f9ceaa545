use std::time::{Duration, Instant};

use aws_sdk_s3::{Client, presigning::PresigningConfig, primitives::ByteStream};

use crate::{code, ephemeral};

async fn get(s3: &Client, key: &str) -> Vec<u8> {
    let object = s3
        .get_object()
        .bucket("files")
        .key(key)
        .send()
        .await
        .unwrap();
    object.body.collect().await.unwrap().to_vec()
}

#[tokio::test]
async fn objects_are_put_read_in_part_listed_and_deleted() {
    let stack = ephemeral().await;
    let s3 = stack.s3();
    s3.create_bucket().bucket("files").send().await.unwrap();
    let body: Vec<u8> = (0..1_000_000u32).map(|n| n as u8).collect();
    let put = |key: &str, body: Vec<u8>| {
        s3.put_object()
            .bucket("files")
            .key(key)
            .body(ByteStream::from(body))
            .send()
    };
    put("view/t1/1.bin", body.clone()).await.unwrap();
    put("view/t1/2.bin", vec![1]).await.unwrap();
    put("view/t2/1.bin", vec![2]).await.unwrap();
    assert_eq!(get(&s3, "view/t1/1.bin").await, body);
    let part = s3
        .get_object()
        .bucket("files")
        .key("view/t1/1.bin")
        .range("bytes=10-19")
        .send()
        .await
        .unwrap();
    assert_eq!(part.body.collect().await.unwrap().to_vec(), body[10..20]);
    let listed = s3
        .list_objects_v2()
        .bucket("files")
        .prefix("view/t1/")
        .send()
        .await
        .unwrap();
    let keys: Vec<_> = listed
        .contents()
        .iter()
        .map(|object| object.key().unwrap())
        .collect();
    assert_eq!(keys, ["view/t1/1.bin", "view/t1/2.bin"]);
    s3.delete_object()
        .bucket("files")
        .key("view/t1/1.bin")
        .send()
        .await
        .unwrap();
    let gone = s3
        .get_object()
        .bucket("files")
        .key("view/t1/1.bin")
        .send()
        .await;
    assert!(gone.unwrap_err().into_service_error().is_no_such_key());
    let exists = s3
        .put_object()
        .bucket("files")
        .key("view/t1/2.bin")
        .if_none_match("*");
    assert_eq!(
        code(exists.body(ByteStream::from(vec![9])).send().await),
        "PreconditionFailed"
    );
    assert_eq!(get(&s3, "view/t1/2.bin").await, [1]);
}

#[tokio::test]
async fn small_reads_do_not_wait_for_delayed_acknowledgements() {
    let stack = ephemeral().await;
    let s3 = stack.s3();
    s3.create_bucket().bucket("files").send().await.unwrap();
    s3.put_object()
        .bucket("files")
        .key("k")
        .body(ByteStream::from(vec![1; 100]))
        .send()
        .await
        .unwrap();
    let mut fastest = Duration::MAX;
    for _ in 0..20 {
        let begun = Instant::now();
        get(&s3, "k").await;
        fastest = fastest.min(begun.elapsed());
    }
    assert!(fastest < Duration::from_millis(35), "{fastest:?}");
}

#[tokio::test]
async fn presigned_urls_work_as_they_are_and_not_when_changed() {
    let stack = ephemeral().await;
    let s3 = stack.s3();
    s3.create_bucket().bucket("files").send().await.unwrap();
    let valid = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let put = s3
        .put_object()
        .bucket("files")
        .key("up.csv")
        .presigned(valid.clone())
        .await
        .unwrap();
    let (status, _) = raw("PUT", put.uri(), &put, b"a,b\n").await;
    assert_eq!(status, 200);
    assert_eq!(get(&s3, "up.csv").await, b"a,b\n");
    let read = s3
        .get_object()
        .bucket("files")
        .key("up.csv")
        .presigned(valid)
        .await
        .unwrap();
    let (status, answer) = raw("GET", read.uri(), &read, b"").await;
    assert_eq!(status, 200);
    assert!(
        answer
            .to_ascii_lowercase()
            .contains("access-control-allow-origin: http://localhost:5173")
    );
    let (status, _) = raw(
        "GET",
        &read.uri().replace("up.csv", "other.csv"),
        &read,
        b"",
    )
    .await;
    assert_eq!(status, 403);
}

/// One request with nothing but the standard library, as a browser on this machine would send it.
async fn raw(
    method: &str,
    url: &str,
    signed: &aws_sdk_s3::presigning::PresignedRequest,
    body: &[u8],
) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut request = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\norigin: http://localhost:5173\r\n\
         connection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in signed
        .headers()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
    {
        request += &format!("{name}: {value}\r\n");
    }
    let mut socket = tokio::net::TcpStream::connect(host).await.unwrap();
    socket
        .write_all(format!("{request}\r\n").as_bytes())
        .await
        .unwrap();
    socket.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}
