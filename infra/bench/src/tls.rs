//! TLS in front of the embedded services, so that a cold start pays for a handshake as it does in AWS.
//!
//! The certificate signs itself and is made for one run; what trusts it are the processes that the bench starts, through
//! `SSL_CERT_FILE` (the platform's own way, which the SDK follows) or `NODE_EXTRA_CA_CERTS`. The product knows nothing of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::{BenchError, Context};

/// Where Linux distributions keep the roots they trust.
const SYSTEM_ROOTS: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// A certificate for 127.0.0.1 that signs itself, good for a day.
pub struct Certificate {
    der: Vec<u8>,
    pkcs8: Vec<u8>,
}

impl Certificate {
    /// A fresh key and its certificate.
    pub fn make(now: DateTime<Utc>) -> Result<Self, BenchError> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)
            .context("a key for TLS")?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref())
            .context("a key for TLS")?;
        let body = der::certificate_body(key.public_key().as_ref(), now);
        let signature = key
            .sign(&random, &body)
            .context("signing the certificate")?;
        Ok(Self {
            der: der::signed(&body, signature.as_ref()),
            pkcs8: pkcs8.as_ref().to_vec(),
        })
    }

    /// The certificate alone, as PEM.
    pub fn pem(&self) -> String {
        use std::fmt::Write as _;
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        let text = STANDARD.encode(&self.der);
        for line in text.as_bytes().chunks(64) {
            let _ = writeln!(pem, "{}", String::from_utf8_lossy(line));
        }
        pem.push_str("-----END CERTIFICATE-----\n");
        pem
    }

    /// Writes the system's roots and this certificate to `path`: a process that trusts it still reads as many roots as
    /// it would in AWS. Answers whether the system's roots were found.
    pub fn write_bundle(&self, path: &Path) -> Result<bool, BenchError> {
        let roots = SYSTEM_ROOTS
            .iter()
            .find_map(|roots| std::fs::read_to_string(roots).ok());
        let found = roots.is_some();
        let bundle = format!("{}\n{}", roots.unwrap_or_default(), self.pem());
        std::fs::write(path, bundle).context("writing the certificates")?;
        Ok(found)
    }

    fn server_config(&self) -> Result<ServerConfig, BenchError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.pkcs8.clone()));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("TLS versions")?
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(self.der.clone())], key)
            .context("the TLS certificate")?;
        // As DynamoDB's endpoints: no HTTP/2.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// A listener that decrypts and passes on, byte for byte.
pub struct Terminator {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Terminator {
    /// In front of `upstream`, such as `http://127.0.0.1:4000`.
    pub async fn start(upstream: &str, certificate: &Certificate) -> Result<Self, BenchError> {
        let upstream: SocketAddr = upstream
            .trim_start_matches("http://")
            .parse()
            .context("the address behind TLS")?;
        let acceptor = TlsAcceptor::from(Arc::new(certificate.server_config()?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("a port for TLS")?;
        let address = listener.local_addr().context("its address")?;
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A connection that fails shows in the function's own answer.
                tokio::spawn(pass_on(stream, upstream, acceptor.clone()));
            }
        });
        Ok(Self { address, server })
    }

    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

impl Drop for Terminator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass_on(
    stream: TcpStream,
    upstream: SocketAddr,
    acceptor: TlsAcceptor,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut inside = acceptor.accept(stream).await?;
    let mut outside = TcpStream::connect(upstream).await?;
    outside.set_nodelay(true)?;
    copy_bidirectional(&mut inside, &mut outside).await?;
    Ok(())
}

/// As much of DER as one certificate takes (X.690; RFC 5280 section 4.1).
mod der {
    use chrono::{DateTime, TimeDelta, Utc};

    const INTEGER: u8 = 0x02;
    const BIT_STRING: u8 = 0x03;
    const OCTET_STRING: u8 = 0x04;
    const OID: u8 = 0x06;
    const UTF8: u8 = 0x0c;
    const UTC_TIME: u8 = 0x17;
    const SEQUENCE: u8 = 0x30;
    const SET: u8 = 0x31;
    /// `[0] EXPLICIT`: the version.
    const VERSION: u8 = 0xa0;
    /// `[3] EXPLICIT`: the extensions.
    const EXTENSIONS: u8 = 0xa3;
    /// `[2] IMPLICIT` of a general name: a DNS name.
    const DNS_NAME: u8 = 0x82;
    /// `[7] IMPLICIT` of a general name: an address.
    const IP_ADDRESS: u8 = 0x87;

    const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![tag];
        match content.len() {
            short @ 0..0x80 => out.push(short as u8),
            long => {
                let bytes = long.to_be_bytes();
                let significant = bytes.iter().position(|b| *b != 0).unwrap_or(0);
                out.push(0x80 | (bytes.len() - significant) as u8);
                out.extend_from_slice(&bytes[significant..]);
            }
        }
        out.extend_from_slice(content);
        out
    }

    fn nested(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        tlv(tag, &parts.concat())
    }

    fn bits(content: &[u8]) -> Vec<u8> {
        // No unused bits in the last byte.
        tlv(BIT_STRING, &[&[0], content].concat())
    }

    fn algorithm() -> Vec<u8> {
        nested(SEQUENCE, &[tlv(OID, ECDSA_WITH_SHA256)])
    }

    fn time(at: DateTime<Utc>) -> Vec<u8> {
        tlv(UTC_TIME, at.format("%y%m%d%H%M%SZ").to_string().as_bytes())
    }

    /// What is signed. `point` is the public key, uncompressed.
    pub(super) fn certificate_body(point: &[u8], now: DateTime<Utc>) -> Vec<u8> {
        let common_name = [tlv(OID, COMMON_NAME), tlv(UTF8, b"VioConcierge bench")];
        let name = nested(SEQUENCE, &[nested(SET, &[nested(SEQUENCE, &common_name)])]);
        let day = TimeDelta::days(1);
        let names = nested(
            SEQUENCE,
            &[
                tlv(IP_ADDRESS, &[127, 0, 0, 1]),
                tlv(DNS_NAME, b"localhost"),
            ],
        );
        let names = [tlv(OID, SUBJECT_ALT_NAME), tlv(OCTET_STRING, &names)];
        let key_kind = [tlv(OID, EC_PUBLIC_KEY), tlv(OID, P256)];
        nested(
            SEQUENCE,
            &[
                tlv(VERSION, &tlv(INTEGER, &[2])),
                tlv(INTEGER, &[1]),
                algorithm(),
                name.clone(),
                nested(SEQUENCE, &[time(now - day), time(now + day)]),
                name,
                nested(SEQUENCE, &[nested(SEQUENCE, &key_kind), bits(point)]),
                tlv(EXTENSIONS, &nested(SEQUENCE, &[nested(SEQUENCE, &names)])),
            ],
        )
    }

    /// The whole certificate.
    pub(super) fn signed(body: &[u8], signature: &[u8]) -> Vec<u8> {
        nested(SEQUENCE, &[body.to_vec(), algorithm(), bits(signature)])
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn lengths_take_as_many_bytes_as_they_need() {
            assert_eq!(tlv(4, &[9; 3]), [4, 3, 9, 9, 9]);
            assert_eq!(tlv(4, &[9; 0x7f])[..2], [4, 0x7f]);
            assert_eq!(tlv(4, &[9; 0x80])[..3], [4, 0x81, 0x80]);
            assert_eq!(tlv(4, &[9; 0x1234])[..4], [4, 0x82, 0x12, 0x34]);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;

    use super::*;

    #[tokio::test]
    async fn who_trusts_the_certificate_reads_through_it_and_nobody_else() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let upstream = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", get(|| async { "behind" }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let certificate = Certificate::make(Utc::now()).unwrap();
        let terminator = Terminator::start(&upstream, &certificate).await.unwrap();

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("roots.pem");
        certificate.write_bundle(&path).unwrap();
        let bundle = std::fs::read_to_string(&path).unwrap();
        assert!(bundle.ends_with(&certificate.pem()));
        let trusted = reqwest::Certificate::from_pem(certificate.pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([trusted]);
        let answer = client.build().unwrap().get(terminator.url()).send().await;
        assert_eq!(answer.unwrap().text().await.unwrap(), "behind");

        let stranger = reqwest::Client::builder().build().unwrap();
        assert!(stranger.get(terminator.url()).send().await.is_err());
    }
}
