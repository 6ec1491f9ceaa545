use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey},
};
use aws_sdk_kms::{
    Client,
    primitives::Blob,
    types::{DataKeySpec, KeySpec, KeyState, KeyUsageType, MessageType, SigningAlgorithmSpec},
};

use crate::{code, ephemeral};

async fn symmetric(kms: &Client, alias: &str) -> String {
    let key = kms
        .create_key()
        .description("data")
        .send()
        .await
        .unwrap()
        .key_metadata
        .unwrap();
    assert_eq!(key.key_state(), Some(&KeyState::Enabled));
    kms.create_alias()
        .alias_name(alias)
        .target_key_id(key.key_id())
        .send()
        .await
        .unwrap();
    key.arn.unwrap()
}

async fn signing(kms: &Client) -> String {
    let create = kms
        .create_key()
        .key_spec(KeySpec::EccNistP256)
        .key_usage(KeyUsageType::SignVerify);
    create.send().await.unwrap().key_metadata.unwrap().key_id
}

#[tokio::test]
async fn a_data_key_is_opened_under_its_own_context_only() {
    let stack = ephemeral().await;
    let kms = stack.kms();
    let arn = symmetric(&kms, "alias/data").await;
    let generated = kms
        .generate_data_key()
        .key_id("alias/data")
        .key_spec(DataKeySpec::Aes256)
        .encryption_context("tenant", "a")
        .encryption_context("purpose", "contact")
        .send()
        .await
        .unwrap();
    assert_eq!(generated.key_id(), Some(arn.as_str()));
    let plaintext = generated.plaintext.unwrap();
    assert_eq!(plaintext.as_ref().len(), 32);
    let blob = generated.ciphertext_blob.unwrap();
    let opened = kms
        .decrypt()
        .ciphertext_blob(blob.clone())
        .encryption_context("purpose", "contact")
        .encryption_context("tenant", "a");
    assert_eq!(opened.send().await.unwrap().plaintext.unwrap(), plaintext);

    let decrypt = || {
        kms.decrypt()
            .ciphertext_blob(blob.clone())
            .encryption_context("purpose", "contact")
    };
    let refused = decrypt().encryption_context("tenant", "b").send().await;
    assert!(
        refused
            .unwrap_err()
            .into_service_error()
            .is_invalid_ciphertext_exception()
    );
    assert_eq!(code(decrypt().send().await), "InvalidCiphertextException");
    // The boundary between name and value matters too.
    assert_eq!(
        code(decrypt().encryption_context("tenan", "ta").send().await),
        "InvalidCiphertextException"
    );
}

#[tokio::test]
async fn encrypt_and_decrypt_check_key_size_and_integrity() {
    let stack = ephemeral().await;
    let kms = stack.kms();
    let arn = symmetric(&kms, "alias/one").await;
    symmetric(&kms, "alias/two").await;
    let encrypt = |bytes: Vec<u8>| {
        kms.encrypt()
            .key_id(&arn)
            .plaintext(Blob::new(bytes))
            .send()
    };
    let blob = encrypt(vec![7; 4096])
        .await
        .unwrap()
        .ciphertext_blob
        .unwrap();
    assert_eq!(code(encrypt(vec![7; 4097]).await), "ValidationException");
    let decrypt = |key: &str, blob: Blob| kms.decrypt().key_id(key).ciphertext_blob(blob).send();
    let plain = decrypt("alias/one", blob.clone())
        .await
        .unwrap()
        .plaintext
        .unwrap();
    assert_eq!(plain.as_ref(), [7; 4096]);
    assert_eq!(
        code(decrypt("alias/two", blob.clone()).await),
        "IncorrectKeyException"
    );
    for position in [0, 5, 20, 40, blob.as_ref().len() - 1] {
        let mut bytes = blob.clone().into_inner();
        bytes[position] ^= 1;
        let refused = kms.decrypt().ciphertext_blob(Blob::new(bytes)).send().await;
        assert_eq!(
            code(refused),
            "InvalidCiphertextException",
            "byte {position}"
        );
    }
    let cut = kms
        .decrypt()
        .ciphertext_blob(Blob::new(&blob.as_ref()[..20]))
        .send()
        .await;
    assert_eq!(code(cut), "InvalidCiphertextException");
}

#[tokio::test]
async fn unknown_keys_and_taken_aliases_are_errors() {
    let stack = ephemeral().await;
    let kms = stack.kms();
    let arn = symmetric(&kms, "alias/data").await;
    let encrypt = kms
        .encrypt()
        .key_id("alias/none")
        .plaintext(Blob::new([1]))
        .send()
        .await;
    assert!(
        encrypt
            .unwrap_err()
            .into_service_error()
            .is_not_found_exception()
    );
    let alias = |name: &str, target: &str| {
        kms.create_alias()
            .alias_name(name)
            .target_key_id(target)
            .send()
    };
    assert_eq!(
        code(alias("alias/data", &arn).await),
        "AlreadyExistsException"
    );
    assert_eq!(code(alias("data", &arn).await), "InvalidAliasNameException");
    assert_eq!(
        code(alias("alias/aws/data", &arn).await),
        "InvalidAliasNameException"
    );
    assert_eq!(
        code(alias("alias/x", "0194fdc2-fa2f-7cc0-81d3-ff12045b73c8").await),
        "NotFoundException"
    );
    let described = kms
        .describe_key()
        .key_id("alias/data")
        .send()
        .await
        .unwrap()
        .key_metadata
        .unwrap();
    assert_eq!(described.arn(), Some(arn.as_str()));
    let listed = kms.list_aliases().send().await.unwrap();
    assert_eq!(listed.aliases()[0].alias_name(), Some("alias/data"));
}

#[tokio::test]
async fn signatures_verify_here_and_with_the_public_key_alone() {
    let stack = ephemeral().await;
    let kms = stack.kms();
    let key = signing(&kms).await;
    let message = b"who, when, what";
    let hash = digest(&SHA256, message);
    let public = kms.get_public_key().key_id(&key).send().await.unwrap();
    assert_eq!(
        public.signing_algorithms(),
        [SigningAlgorithmSpec::EcdsaSha256]
    );
    let der = public.public_key.unwrap().into_inner();
    // SubjectPublicKeyInfo of id-ecPublicKey on prime256v1, an uncompressed point.
    let prefix = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
    assert_eq!(hex::encode(&der[..27]), prefix);
    assert_eq!(der.len(), 91);
    let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &der).unwrap();

    for (kind, bytes) in [
        (MessageType::Raw, message.as_slice()),
        (MessageType::Digest, hash.as_ref()),
    ] {
        let sign = kms
            .sign()
            .key_id(&key)
            .message(Blob::new(bytes))
            .message_type(kind.clone());
        let signed = sign
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .send()
            .await
            .unwrap();
        let signature = signed.signature.unwrap();
        public.verify_sig(message, signature.as_ref()).unwrap();
        let verify = |bytes: &[u8]| {
            kms.verify()
                .key_id(&key)
                .message(Blob::new(bytes))
                .message_type(kind.clone())
                .signature(signature.clone())
                .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
                .send()
        };
        assert!(verify(bytes).await.unwrap().signature_valid());
        let mut other = bytes.to_vec();
        other[0] ^= 1;
        assert_eq!(code(verify(&other).await), "KMSInvalidSignatureException");
    }
}

#[tokio::test]
async fn keys_do_only_what_they_are_for() {
    let stack = ephemeral().await;
    let kms = stack.kms();
    let data = symmetric(&kms, "alias/data").await;
    let signer = signing(&kms).await;
    let sign = |key: &str, algorithm| {
        let sign = kms
            .sign()
            .key_id(key)
            .message(Blob::new([0; 31]))
            .message_type(MessageType::Digest);
        sign.signing_algorithm(algorithm).send()
    };
    assert_eq!(
        code(sign(&data, SigningAlgorithmSpec::EcdsaSha256).await),
        "InvalidKeyUsageException"
    );
    assert_eq!(
        code(sign(&signer, SigningAlgorithmSpec::EcdsaSha384).await),
        "InvalidKeyUsageException"
    );
    assert_eq!(
        code(sign(&signer, SigningAlgorithmSpec::EcdsaSha256).await),
        "ValidationException"
    );
    let encrypt = kms
        .encrypt()
        .key_id(&signer)
        .plaintext(Blob::new([1]))
        .send()
        .await;
    assert_eq!(code(encrypt), "InvalidKeyUsageException");
    let public = kms.get_public_key().key_id(&data).send().await;
    assert_eq!(code(public), "UnsupportedOperationException");
    let usage = kms.create_key().key_spec(KeySpec::EccNistP256).send().await;
    assert_eq!(code(usage), "ValidationException");
    let large = kms
        .encrypt()
        .key_id(&data)
        .plaintext(Blob::new(vec![0; 100_000]))
        .send()
        .await;
    assert_eq!(code(large), "RequestEntityTooLargeException");
}
