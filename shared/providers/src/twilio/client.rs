//! Twilio's API over HTTP: forms in, JSON out, Basic authentication.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use reqwest::{RequestBuilder, Url};
use secrecy::ExposeSecret;
use serde_json::Value;
use vio_domain::messages::state::Report;

use super::webhook::is_sid;
use super::{
    Account, LOOKUPS_URL, Lookup, NewSms, OwnNumber, Page, Sms, TWILIO_URL, TwilioApi, TwilioError,
    TwilioFactory,
};
use crate::base_url;
use crate::json::{text, whole};
use crate::transport::{Answer, Http, exchange};
use crate::{ApiError, BaseUrl, Unanswered};

/// Messages of a page.
const PAGE_SIZE: &str = "50";

/// One tenant's access to Twilio.
#[derive(Clone)]
pub struct HttpTwilio {
    http: Http,
    base: BaseUrl,
    account: Account,
}

/// Makes [`HttpTwilio`]s over one HTTP client.
#[derive(Debug, Clone)]
pub struct HttpTwilioFactory {
    http: Http,
}

impl HttpTwilioFactory {
    /// A factory over a client made once per process.
    pub fn new(http: Http) -> Self {
        Self { http }
    }
}

impl TwilioFactory for HttpTwilioFactory {
    fn client(&self, base: BaseUrl, account: Account) -> Arc<dyn TwilioApi> {
        Arc::new(HttpTwilio {
            http: self.http.clone(),
            base,
            account,
        })
    }
}

impl HttpTwilio {
    /// An address under the account, with a query.
    fn url(&self, resource: &str, query: &[(&str, &str)]) -> Result<String, TwilioError> {
        if !is_sid(&self.account.sid) {
            return Err(TwilioError::Refused {
                status: 401,
                code: Some(super::code::CREDENTIALS),
                retry_after: None,
            });
        }
        let path = format!("/2010-04-01/Accounts/{}/{resource}", self.account.sid);
        with_query(&self.base.join(&path), query)
    }

    async fn ask(&self, request: RequestBuilder, timeout: Duration) -> Result<Value, TwilioError> {
        let token = self.account.token.expose_secret();
        let request = request.basic_auth(&self.account.sid, Some(token));
        let Answer {
            status,
            retry_after,
            body,
            ..
        } = exchange(request, timeout).await?;
        if ApiError::is_refusal(status) {
            let body: Value = body
                .ok()
                .and_then(|body| serde_json::from_slice(&body).ok())
                .unwrap_or_default();
            let code = whole(&body["code"]).and_then(|code| u32::try_from(code).ok());
            return Err(TwilioError::Refused {
                status,
                code,
                retry_after,
            });
        }
        if !(200..300).contains(&status) {
            return Err(Unanswered::Status(status).into());
        }
        match serde_json::from_slice(&body?) {
            Ok(value @ Value::Object(_)) => Ok(value),
            _ => Err(Unanswered::Unreadable.into()),
        }
    }
}

fn with_query(url: &str, query: &[(&str, &str)]) -> Result<String, TwilioError> {
    base_url::with_query(url, query).ok_or_else(|| Unanswered::Connection.into())
}

fn sms(value: &Value) -> Option<Sms> {
    Some(Sms {
        sid: text(&value["sid"]).filter(|sid| is_sid(sid))?,
        report: value["status"].as_str().and_then(Report::of),
        body: value["body"].as_str().unwrap_or_default().to_owned(),
        created_at: value["date_created"]
            .as_str()
            .and_then(|date| DateTime::parse_from_rfc2822(date).ok())
            .map(|date| date.to_utc()),
        error_code: whole(&value["error_code"]).and_then(|code| u32::try_from(code).ok()),
    })
}

#[async_trait]
impl TwilioApi for HttpTwilio {
    async fn send(&self, new: &NewSms, timeout: Duration) -> Result<Sms, TwilioError> {
        let form = [
            ("To", &new.to),
            ("From", &new.from),
            ("Body", &new.body),
            ("StatusCallback", &new.status_callback),
        ];
        let mut body = Url::parse("form:").map_err(|_| Unanswered::Connection)?;
        let given = form.into_iter().filter(|(_, value)| !value.is_empty());
        body.query_pairs_mut().extend_pairs(given);
        let request = self
            .http
            .post(self.url("Messages.json", &[])?)?
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.query().unwrap_or_default().to_owned());
        let answer = self.ask(request, timeout).await?;
        sms(&answer).ok_or_else(|| Unanswered::Unreadable.into())
    }

    async fn sent(&self, to: &str, from: &str, timeout: Duration) -> Result<Page, TwilioError> {
        let query = [("To", to), ("From", from), ("PageSize", PAGE_SIZE)];
        let request = self.http.get(self.url("Messages.json", &query)?)?;
        let answer = self.ask(request, timeout).await?;
        let list = answer["messages"].as_array();
        let list = list.ok_or(Unanswered::Unreadable)?;
        let messages: Option<Vec<Sms>> = list.iter().map(sms).collect();
        Ok(Page {
            messages: messages.ok_or(Unanswered::Unreadable)?,
            more: !answer["next_page_uri"].is_null(),
        })
    }

    async fn lookup(&self, e164: &str, timeout: Duration) -> Result<Lookup, TwilioError> {
        let own = self.base.as_str() == TWILIO_URL;
        let base = if own { LOOKUPS_URL } else { self.base.as_str() };
        let url = format!("{base}/v2/PhoneNumbers/{e164}");
        let url = with_query(&url, &[("Fields", "line_type_intelligence")])?;
        let answer = self.ask(self.http.get(url)?, timeout).await?;
        let line = &answer["line_type_intelligence"];
        Ok(Lookup {
            valid: answer["valid"].as_bool().ok_or(Unanswered::Unreadable)?,
            line_type: text(&line["type"]),
            carrier: text(&line["carrier_name"]),
        })
    }

    async fn own_number(
        &self,
        e164: &str,
        timeout: Duration,
    ) -> Result<Option<OwnNumber>, TwilioError> {
        let query = [("PhoneNumber", e164)];
        let request = self
            .http
            .get(self.url("IncomingPhoneNumbers.json", &query)?)?;
        let answer = self.ask(request, timeout).await?;
        let list = answer["incoming_phone_numbers"].as_array();
        let list = list.ok_or(Unanswered::Unreadable)?;
        let own = list
            .iter()
            .find(|number| number["phone_number"].as_str() == Some(e164));
        Ok(own.map(|number| OwnNumber {
            sms: number["capabilities"]["sms"].as_bool().unwrap_or(false),
            sms_url: text(&number["sms_url"]),
        }))
    }
}
