//! SES's API over HTTP: JSON, signed with AWS Signature Version 4 (decision 0009).

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::{RequestBuilder, Url};
use serde_json::{Value, json};

use super::{MailAccount, MailError, Mailer, NewMail, Refusal};
use crate::json::text;
use crate::transport::{Answer, Http, exchange};
use crate::{ApiError, BaseUrl, Unanswered};

/// The service's name in signatures.
const SERVICE: &str = "ses";
/// The tag that names an e-mail in its news.
const TAG: &str = "vio_mail";

/// Who signs requests, and for which region.
#[derive(Clone)]
pub struct SesSigning {
    pub credentials: SharedCredentialsProvider,
    pub region: String,
}

impl fmt::Debug for SesSigning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SesSigning")
    }
}

/// SES of one account and region.
#[derive(Debug, Clone)]
pub struct SesMailer {
    http: Http,
    base: BaseUrl,
    signing: SesSigning,
    configuration_set: Option<String>,
}

impl SesMailer {
    /// `configuration_set` sends the news of e-mails; without one there are none.
    pub fn new(
        http: Http,
        base: BaseUrl,
        signing: SesSigning,
        configuration_set: Option<String>,
    ) -> Self {
        Self {
            http,
            base,
            signing,
            configuration_set,
        }
    }

    /// Adds the signature of a request and its body.
    async fn signed(
        &self,
        request: RequestBuilder,
        method: &str,
        url: &str,
        body: &[u8],
    ) -> Result<RequestBuilder, MailError> {
        let credentials = self.signing.credentials.provide_credentials().await;
        let identity = credentials
            .map_err(|error| {
                tracing::error!(%error, "there are no credentials to send e-mail with");
                MailError::NotSigned
            })?
            .into();
        let not_signed = |what: &'static str| {
            tracing::error!(what, "a request to send e-mail cannot be signed");
            MailError::NotSigned
        };
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.signing.region)
            .name(SERVICE)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| not_signed("parameters"))?
            .into();
        let headers = [("content-type", "application/json")];
        let signable =
            SignableRequest::new(method, url, headers.into_iter(), SignableBody::Bytes(body))
                .map_err(|_| not_signed("request"))?;
        let (instructions, _) = sign(signable, &params)
            .map_err(|_| not_signed("signature"))?
            .into_parts();
        let request = request.header("content-type", "application/json");
        Ok(instructions
            .headers()
            .fold(request, |request, (name, value)| {
                request.header(name, value)
            }))
    }

    async fn ask(&self, request: RequestBuilder, timeout: Duration) -> Result<Value, MailError> {
        let Answer {
            status,
            retry_after,
            error_type,
            body,
        } = exchange(request, timeout).await?;
        if ApiError::is_refusal(status) {
            let body: Value = body
                .ok()
                .and_then(|body| serde_json::from_slice(&body).ok())
                .unwrap_or_default();
            let named = error_type.or_else(|| text(&body["__type"]));
            let said = text(&body["message"]).or_else(|| text(&body["Message"]));
            let (named, said) = (named.unwrap_or_default(), said.unwrap_or_default());
            return Err(MailError::Refused {
                status,
                about: about(status, &named, &said),
                retry_after,
            });
        }
        if !(200..300).contains(&status) {
            return Err(Unanswered::Status(status).into());
        }
        Ok(serde_json::from_slice(&body?).map_err(|_| Unanswered::Unreadable)?)
    }
}

/// What SES says where the day's quota is used up; its name is that of any other throttling.
const QUOTA: &str = "Daily message quota exceeded";
/// What it says of a sender that is not proved, and of whom an account in its sandbox writes to; its name is that of an
/// e-mail with a virus.
const NOT_PROVED: &str = "Email address is not verified";

/// Whether a quota is used up; one of -1 is none.
fn used_up(quota: &Value) -> bool {
    let (most, sent) = (
        quota["Max24HourSend"].as_f64(),
        quota["SentLast24Hours"].as_f64(),
    );
    most.zip(sent)
        .is_some_and(|(most, sent)| most >= 0.0 && sent >= most)
}

/// What a refusal is about: by the error's name (`MessageRejected:http://…`, `aws.x#MessageRejected`) and its words where
/// one name stands for two things, else by the status.
fn about(status: u16, named: &str, said: &str) -> Refusal {
    let name = named.split(':').next().unwrap_or_default();
    let name = name.rsplit('#').next().unwrap_or_default();
    match (status, name) {
        _ if said.starts_with(QUOTA) => Refusal::Quota,
        (_, "MessageRejected") if said.starts_with(NOT_PROVED) => Refusal::Account,
        (
            _,
            "TooManyRequestsException"
            | "LimitExceededException"
            | "ThrottlingException"
            | "Throttling",
        )
        | (429, _) => Refusal::TooMany,
        (
            _,
            "AccountSuspendedException"
            | "SendingPausedException"
            | "MailFromDomainNotVerifiedException"
            | "NotFoundException",
        )
        | (401..=404, _) => Refusal::Account,
        _ => Refusal::Mail,
    }
}

/// An address whose domain is written as SES wants it: in the letters of the DNS.
fn in_ascii(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@').filter(|_| !address.is_ascii()) else {
        return address.to_owned();
    };
    let domain = Url::parse(&format!("http://{domain}"))
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| domain.to_owned());
    format!("{local}@{domain}")
}

fn body(mail: &NewMail, configuration_set: Option<&str>) -> Value {
    let text = |data: &str| json!({ "Data": data, "Charset": "UTF-8" });
    let mut simple = json!({
        "Subject": text(&mail.subject),
        "Body": { "Text": text(&mail.text), "Html": text(&mail.html) },
    });
    if let Some(address) = &mail.unsubscribe {
        simple["Headers"] = json!([
            { "Name": "List-Unsubscribe", "Value": format!("<{address}>") },
            { "Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click" },
        ]);
    }
    let mut body = json!({
        "FromEmailAddress": mail.from.header(),
        "Destination": { "ToAddresses": [in_ascii(&mail.to)] },
        "Content": { "Simple": simple },
        "EmailTags": [{ "Name": TAG, "Value": mail.tag }],
    });
    if let Some(address) = &mail.reply_to {
        body["ReplyToAddresses"] = json!([in_ascii(address)]);
    }
    if let Some(name) = configuration_set {
        body["ConfigurationSetName"] = json!(name);
    }
    body
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, mail: &NewMail, timeout: Duration) -> Result<String, MailError> {
        let url = self.base.join("/v2/email/outbound-emails");
        let body = body(mail, self.configuration_set.as_deref()).to_string();
        let request = self.http.post(url.clone())?;
        let request = self.signed(request, "POST", &url, body.as_bytes()).await?;
        let answer = self.ask(request.body(body), timeout).await?;
        Ok(text(&answer["MessageId"]).ok_or(Unanswered::Unreadable)?)
    }

    async fn account(&self, timeout: Duration) -> Result<MailAccount, MailError> {
        let url = self.base.join("/v2/email/account");
        let request = self.http.get(url.clone())?;
        let request = self.signed(request, "GET", &url, &[]).await?;
        let answer = self.ask(request, timeout).await?;
        Ok(MailAccount {
            sends: answer["SendingEnabled"].as_bool().unwrap_or(false),
            to_everybody: answer["ProductionAccessEnabled"].as_bool().unwrap_or(false),
            used_up: used_up(&answer["SendQuota"]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_written_in_the_letters_of_the_dns() {
        assert_eq!(in_ascii("Anna@example.com"), "Anna@example.com");
        assert_eq!(
            in_ascii("anna@müller.example"),
            "anna@xn--mller-kva.example"
        );
    }

    #[test]
    fn refusals_by_name_then_by_status() {
        for (status, named, expected) in [
            (429, "TooManyRequestsException", Refusal::TooMany),
            (429, "", Refusal::TooMany),
            (400, "LimitExceededException", Refusal::TooMany),
            (400, "ThrottlingException", Refusal::TooMany),
            (400, "SendingPausedException", Refusal::Account),
            (
                400,
                "AccountSuspendedException:http://internal/",
                Refusal::Account,
            ),
            (404, "NotFoundException", Refusal::Account),
            (403, "SignatureDoesNotMatch", Refusal::Account),
            (400, "com.amazonaws.sesv2#MessageRejected", Refusal::Mail),
            (400, "BadRequestException", Refusal::Mail),
            (400, "", Refusal::Mail),
        ] {
            assert_eq!(about(status, named, ""), expected, "{status} {named}");
        }
        let not_proved = "Email address is not verified. The following identities failed the check in region EU-WEST-2: a@b.example";
        for (status, named, said, expected) in [
            (
                429,
                "TooManyRequestsException",
                "Daily message quota exceeded.",
                Refusal::Quota,
            ),
            (
                400,
                "Throttling",
                "Daily message quota exceeded.",
                Refusal::Quota,
            ),
            (
                429,
                "TooManyRequestsException",
                "Maximum sending rate exceeded.",
                Refusal::TooMany,
            ),
            (400, "MessageRejected", not_proved, Refusal::Account),
            (
                400,
                "MessageRejected",
                "Address blacklisted.",
                Refusal::Mail,
            ),
            (400, "BadRequestException", not_proved, Refusal::Mail),
        ] {
            assert_eq!(about(status, named, said), expected, "{said}");
        }
    }
}
