//! AWS list prices of eu-west-2 (London) in US dollars, without free tiers, taxes and discounts.
//!
//! The price list itself cannot be reached from where this was written. Each figure was looked up in November 2026 in
//! stored public material, and says how far that reached:
//!
//! - *London*: quoted elsewhere from the price list's file for eu-west-2, published in September or October 2026, under
//!   the usage type named;
//! - *everywhere*: AWS says that the price is the same in all regions;
//! - *elsewhere*: found for other regions only, and equal in all that were found;
//! - *unchecked*: no source was found for London.
//!
//! Look again before quoting a figure to anybody.

/// When they were looked up.
pub const AS_OF: &str = "2026-11";
/// The region they are for.
pub const REGION: &str = "eu-west-2";

/// A million of something.
const MILLION: f64 = 1e6;
/// A gigabyte as AWS counts them.
pub const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// DynamoDB on demand, one write request unit (aws.amazon.com/dynamodb/pricing/on-demand). Unchecked: half of what London
/// paid until November 2024, when the price was halved everywhere; us-east-1 pays 0.625.
pub const WRITE_UNIT: f64 = 0.7423 / MILLION;
/// One read request unit (same page). Unchecked, in the same way; us-east-1 pays 0.125.
pub const READ_UNIT: f64 = 0.1485 / MILLION;
/// A gigabyte of table for a month (same page). Unchecked.
pub const TABLE_GIB_MONTH: f64 = 0.297;
/// A gigabyte under point-in-time recovery for a month (same page). Unchecked.
pub const RECOVERY_GIB_MONTH: f64 = 0.2376;

/// KMS: one request with a symmetric key (aws.amazon.com/kms/pricing). London: `eu-west-2-KMS-Requests`.
pub const KMS_SYMMETRIC: f64 = 0.03 / 10_000.0;
/// One request with an elliptic-curve key (same page). Elsewhere: us-east-1 and ap-southeast-2.
pub const KMS_ECC: f64 = 0.15 / 10_000.0;
/// A key for a month, without rotated versions (same page). London: `eu-west-2-KMS-Keys`.
pub const KMS_KEY_MONTH: f64 = 1.0;

/// Lambda on arm64: one gigabyte-second (aws.amazon.com/lambda/pricing). London:
/// `EUW2-Lambda-GB-Second-ARM`.
pub const LAMBDA_GB_SECOND: f64 = 0.000_013_333_4;
/// One invocation (same page). London: `EUW2-Request-ARM`.
pub const LAMBDA_REQUEST: f64 = 0.20 / MILLION;

/// API Gateway: one request of an HTTP API up to 512 KB (aws.amazon.com/api-gateway/pricing). London:
/// `EUW2-ApiGatewayHttpRequest`.
pub const HTTP_API_REQUEST: f64 = 1.16 / MILLION;
/// CloudFront: one HTTPS request in Europe (aws.amazon.com/cloudfront/pricing). London: `EU-Requests-Tier2-HTTPS`.
pub const CLOUDFRONT_REQUEST: f64 = 0.012 / 10_000.0;
/// WAF: one request inspected (aws.amazon.com/waf/pricing). Everywhere, as the next two.
pub const WAF_REQUEST: f64 = 0.60 / MILLION;
/// A web ACL for a month (same page).
pub const WAF_ACL_MONTH: f64 = 5.0;
/// A rule or rule group for a month (same page).
pub const WAF_RULE_MONTH: f64 = 1.0;

/// SQS standard: one request (aws.amazon.com/sqs/pricing). London: `EUW2-Requests-Tier1`.
pub const SQS_REQUEST: f64 = 0.40 / MILLION;
/// EventBridge: one custom event of up to 64 KB (aws.amazon.com/eventbridge/pricing). Elsewhere: us-east-1, "most
/// regions"; London may differ, as it does for the scheduler.
pub const BUS_EVENT: f64 = 1.00 / MILLION;
/// EventBridge Scheduler: one start of a function (same page). London: `EUW2-ScheduledInvocation`.
pub const SCHEDULED: f64 = 1.15 / MILLION;

/// CloudWatch Logs: a gigabyte taken in (aws.amazon.com/cloudwatch/pricing). London: `EUW2-DataProcessing-Bytes`.
pub const LOGS_GIB: f64 = 0.5985;
/// An alarm on one metric for a month (same page). London: `EUW2-CW:AlarmMonitorUsage`.
pub const ALARM_MONTH: f64 = 0.10;

/// Route 53: a hosted zone for a month (aws.amazon.com/route53/pricing). Everywhere: `HostedZone`.
pub const HOSTED_ZONE_MONTH: f64 = 0.50;
/// Secrets Manager: a secret for a month (aws.amazon.com/secrets-manager/pricing). London:
/// `EUW2-AWSSecretsManager-Secrets`.
pub const SECRET_MONTH: f64 = 0.40;
