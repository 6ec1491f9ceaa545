//! A function that does nothing but read one item: what any function in Rust pays to start. Cold starts are compared
//! with it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let table = std::env::var("VIO_TABLE")?;
    let config = aws_config::load_from_env().await;
    let client = Client::new(&config);
    let (client, table) = (&client, table.as_str());
    lambda_http::run(service_fn(move |_: Request| async move {
        let key = || AttributeValue::S("bench".to_owned());
        let answer = client
            .get_item()
            .table_name(table)
            .key("pk", key())
            .key("sk", key())
            .consistent_read(true)
            .send()
            .await?;
        let found = answer.item().is_some();
        Ok::<_, Error>(Response::new(Body::from(format!("{{\"found\":{found}}}"))))
    }))
    .await
}
