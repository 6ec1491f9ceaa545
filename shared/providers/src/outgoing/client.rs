//! Sending to addresses that strangers named. A name is resolved here, each address that it leads to is judged, and the
//! connection is made to one of those that were judged: no second look-up comes between. No redirect is followed.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, redirect, retry};

use super::address::{Reach, WebhookUrl};
use crate::error::RetryAfter;

/// The whole request, from the look-up of the name to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read. Nothing of them is kept: they let the receiver end its answer in order.
const MOST_READ: usize = 8 * 1024;

/// What a receiver said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    pub status: u16,
    pub retry_after: Option<RetryAfter>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPosted {
    #[error("no answer in time")]
    TimedOut,
    #[error("no connection")]
    NoConnection,
    /// The name leads to an address that nothing is sent to.
    #[error("the name leads to an address that nothing is sent to")]
    AddressRefused,
}

/// The client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OutgoingClient {
    reach: Reach,
    client: Arc<OnceLock<Client>>,
}

impl OutgoingClient {
    /// A client not made yet; one per process.
    pub fn new(reach: Reach) -> Self {
        Self {
            reach,
            client: Arc::default(),
        }
    }

    /// What it reaches.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    fn client(&self) -> Result<&Client, NotPosted> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .dns_resolver(Judged(self.reach))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(PATIENCE)
            .referer(false)
            .user_agent("VioConcierge-Webhooks/1")
            .build()
            .map_err(|error| {
                tracing::error!(%error, "the client for outgoing webhooks could not be made");
                NotPosted::NoConnection
            })?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Posts once, as JSON, with these headers besides.
    pub async fn post(
        &self,
        url: &WebhookUrl,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Posted, NotPosted> {
        let mut request = self
            .client()?
            .post(url.as_str())
            .header("content-type", "application/json")
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.map_err(|error| failed(&error))?;
        let retry_after = answer.headers().get("retry-after");
        let posted = Posted {
            status: answer.status().as_u16(),
            retry_after: retry_after
                .and_then(|text| text.to_str().ok())
                .and_then(RetryAfter::parse),
        };
        // The status decides alone; an answer that does not end takes nothing from it.
        read_a_little(answer).await;
        Ok(posted)
    }
}

async fn read_a_little(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read >= MOST_READ {
            return;
        }
    }
}

fn failed(error: &reqwest::Error) -> NotPosted {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<Refused>() {
            return NotPosted::AddressRefused;
        }
        cause = error.source();
    }
    if error.is_timeout() {
        NotPosted::TimedOut
    } else {
        NotPosted::NoConnection
    }
}

/// A name leads somewhere that may not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that nothing is sent to")]
struct Refused;

/// Resolves names as the system does, and gives out addresses only where every one of them may be reached.
#[derive(Debug, Clone, Copy)]
struct Judged(Reach);

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            // The port is the URL's: it is put in place of this one.
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !reach.allows(address.ip())) {
                return Err(Refused.into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}
