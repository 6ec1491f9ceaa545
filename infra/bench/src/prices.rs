//! AWS list prices of eu-west-2 (London) in US dollars, without free tiers, taxes and discounts.
//!
//! As published on the services' pricing pages, November 2026 unless a line says otherwise; the build has no access to
//! AWS's price list, so check them there before quoting a figure to anybody.

/// Date of the list.
pub const AS_OF: &str = "2026-11";
/// The region they are for.
pub const REGION: &str = "eu-west-2";

/// A million of something.
const MILLION: f64 = 1e6;
/// A gigabyte as AWS counts them.
pub const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// DynamoDB on demand, one write request unit (aws.amazon.com/dynamodb/pricing/on-demand).
pub const WRITE_UNIT: f64 = 0.7423 / MILLION;
/// One read request unit (same page).
pub const READ_UNIT: f64 = 0.1485 / MILLION;
/// A gigabyte of table for a month (same page).
pub const TABLE_GIB_MONTH: f64 = 0.297;
/// A gigabyte under point-in-time recovery for a month (same page).
pub const RECOVERY_GIB_MONTH: f64 = 0.2376;

/// KMS: one request with a symmetric key (aws.amazon.com/kms/pricing).
pub const KMS_SYMMETRIC: f64 = 0.03 / 10_000.0;
/// One request with an elliptic-curve key (same page).
pub const KMS_ECC: f64 = 0.15 / 10_000.0;
/// A key for a month, without rotated versions (same page).
pub const KMS_KEY_MONTH: f64 = 1.0;

/// Lambda on arm64: one gigabyte-second (aws.amazon.com/lambda/pricing).
pub const LAMBDA_GB_SECOND: f64 = 0.000_013_333_4;
/// One invocation (same page).
pub const LAMBDA_REQUEST: f64 = 0.20 / MILLION;

/// API Gateway: one request of an HTTP API up to 512 KB (aws.amazon.com/api-gateway/pricing).
pub const HTTP_API_REQUEST: f64 = 1.16 / MILLION;
/// CloudFront: one HTTPS request in Europe (aws.amazon.com/cloudfront/pricing).
pub const CLOUDFRONT_REQUEST: f64 = 0.012 / 10_000.0;
/// WAF: one request inspected (aws.amazon.com/waf/pricing).
pub const WAF_REQUEST: f64 = 0.60 / MILLION;
/// A web ACL for a month (same page).
pub const WAF_ACL_MONTH: f64 = 5.0;
/// A rule or rule group for a month (same page).
pub const WAF_RULE_MONTH: f64 = 1.0;

/// SQS standard: one request (aws.amazon.com/sqs/pricing).
pub const SQS_REQUEST: f64 = 0.40 / MILLION;
/// EventBridge: one custom event of up to 64 KB (aws.amazon.com/eventbridge/pricing).
pub const BUS_EVENT: f64 = 1.00 / MILLION;
/// EventBridge Scheduler: one start of a function (same page).
pub const SCHEDULED: f64 = 1.00 / MILLION;

/// CloudWatch Logs: a gigabyte taken in (aws.amazon.com/cloudwatch/pricing).
pub const LOGS_GIB: f64 = 0.5985;
/// An alarm on one metric for a month (same page).
pub const ALARM_MONTH: f64 = 0.10;

/// Route 53: a hosted zone for a month (aws.amazon.com/route53/pricing).
pub const HOSTED_ZONE_MONTH: f64 = 0.50;
/// Secrets Manager: a secret for a month (aws.amazon.com/secrets-manager/pricing).
pub const SECRET_MONTH: f64 = 0.40;
