//! What may be written where: the properties of each resource type that the project uses, from the AWS documentation,
//! and the attributes that may be asked of it. The linters let a misspelled property of a SAM resource pass. A new
//! property gets its word here.

/// A resource type, its properties, its attributes for `GetAtt`.
pub(crate) type Known = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
pub(crate) const TYPES: &[Known] = &[
    ("AWS::ApiGatewayV2::Api", "Name ProtocolType RouteSelectionExpression", "ApiId"),
    ("AWS::ApiGatewayV2::Deployment", "ApiId Description StageName", "DeploymentId"),
    ("AWS::ApiGatewayV2::Integration", "ApiId IntegrationType IntegrationUri TimeoutInMillis", ""),
    ("AWS::ApiGatewayV2::Route", "ApiId AuthorizationType RouteKey Target", "RouteId"),
    ("AWS::ApiGatewayV2::Stage", "AccessLogSettings ApiId DefaultRouteSettings DeploymentId StageName", ""),
    ("AWS::CertificateManager::Certificate", "DomainName DomainValidationOptions SubjectAlternativeNames ValidationMethod", ""),
    ("AWS::CloudFront::Distribution", "DistributionConfig", "DomainName Id"),
    ("AWS::CloudFront::Function", "AutoPublish FunctionCode FunctionConfig Name", "FunctionMetadata.FunctionARN FunctionARN"),
    ("AWS::CloudFront::OriginAccessControl", "OriginAccessControlConfig", "Id"),
    ("AWS::CloudFront::ResponseHeadersPolicy", "ResponseHeadersPolicyConfig", "Id"),
    ("AWS::CloudWatch::Alarm", "AlarmActions AlarmDescription ComparisonOperator DatapointsToAlarm Dimensions EvaluationPeriods MetricName \
        Metrics Namespace OKActions Period Statistic Threshold TreatMissingData", "Arn"),
    ("AWS::DynamoDB::Table", "AttributeDefinitions BillingMode DeletionProtectionEnabled GlobalSecondaryIndexes KeySchema \
        OnDemandThroughput PointInTimeRecoverySpecification SSESpecification StreamSpecification TimeToLiveSpecification", "Arn StreamArn"),
    ("AWS::Events::EventBus", "DeadLetterConfig Description KmsKeyIdentifier Name", "Arn Name"),
    ("AWS::Events::Rule", "Description EventBusName EventPattern Name State Targets", "Arn"),
    ("AWS::IAM::ManagedPolicy", "Description PolicyDocument", "PolicyArn"),
    ("AWS::IAM::Role", "AssumeRolePolicyDocument Description ManagedPolicyArns PermissionsBoundary Policies", "Arn RoleId"),
    ("AWS::KMS::Key", "Description EnableKeyRotation KeyPolicy KeySpec KeyUsage PendingWindowInDays RotationPeriodInDays", "Arn KeyId"),
    ("AWS::Lambda::EventInvokeConfig", "DestinationConfig FunctionName MaximumEventAgeInSeconds MaximumRetryAttempts Qualifier", ""),
    ("AWS::Lambda::Permission", "Action FunctionName Principal SourceArn", ""),
    ("AWS::Logs::LogGroup", "KmsKeyId LogGroupName RetentionInDays", "Arn"),
    ("AWS::Logs::MetricFilter", "FilterPattern LogGroupName MetricTransformations", ""),
    ("AWS::Route53::RecordSetGroup", "HostedZoneId RecordSets", "Id"),
    ("AWS::S3::Bucket", "BucketEncryption CorsConfiguration LifecycleConfiguration ObjectLockConfiguration ObjectLockEnabled \
        OwnershipControls PublicAccessBlockConfiguration VersioningConfiguration", "Arn RegionalDomainName"),
    ("AWS::S3::BucketPolicy", "Bucket PolicyDocument", ""),
    ("AWS::SES::ConfigurationSet", "DeliveryOptions Name ReputationOptions SendingOptions SuppressionOptions", ""),
    ("AWS::SES::ConfigurationSetEventDestination", "ConfigurationSetName EventDestination", "Id"),
    ("AWS::SNS::Topic", "KmsMasterKeyId Subscription", "TopicArn TopicName"),
    ("AWS::SNS::TopicPolicy", "PolicyDocument Topics", ""),
    ("AWS::SQS::Queue", "MessageRetentionPeriod QueueName RedriveAllowPolicy RedrivePolicy SqsManagedSseEnabled VisibilityTimeout",
        "Arn QueueName QueueUrl"),
    ("AWS::SQS::QueuePolicy", "PolicyDocument Queues", ""),
    ("AWS::Serverless::Function", "Architectures CodeUri Description Environment Events Handler LoggingConfig MemorySize \
        ReservedConcurrentExecutions Role Runtime Timeout", "Arn"),
    ("AWS::Serverless::HttpApi", "AccessLogSettings DefaultRouteSettings DisableExecuteApiEndpoint Domain Name", "ApiEndpoint ApiId"),
    ("AWS::WAFv2::WebACL", "DefaultAction Description Name Rules Scope VisibilityConfig", "Arn Id"),
];

/// Nested objects, by type and dotted path; `*` stands for any name and for list items.
#[rustfmt::skip]
pub(crate) const NESTED: &[(&str, &str, &str)] = &[
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled RecoveryPeriodInDays"),
    ("AWS::DynamoDB::Table", "StreamSpecification", "StreamViewType"),
    ("AWS::DynamoDB::Table", "TimeToLiveSpecification", "AttributeName Enabled"),
    ("AWS::DynamoDB::Table", "GlobalSecondaryIndexes.*", "IndexName KeySchema Projection"),
    ("AWS::Events::Rule", "Targets.*", "Arn DeadLetterConfig Id InputTransformer RetryPolicy SqsParameters"),
    ("AWS::Events::Rule", "Targets.*.InputTransformer", "InputPathsMap InputTemplate"),
    ("AWS::SES::ConfigurationSetEventDestination", "EventDestination", "CloudWatchDestination Enabled EventBridgeDestination \
        MatchingEventTypes Name SnsDestination"),
    ("AWS::SQS::Queue", "RedrivePolicy", "deadLetterTargetArn maxReceiveCount"),
    ("AWS::SQS::Queue", "RedriveAllowPolicy", "redrivePermission sourceQueueArns"),
    ("AWS::S3::Bucket", "PublicAccessBlockConfiguration", "BlockPublicAcls BlockPublicPolicy IgnorePublicAcls RestrictPublicBuckets"),
    ("AWS::S3::Bucket", "LifecycleConfiguration.Rules.*", "AbortIncompleteMultipartUpload ExpirationInDays Id Prefix Status"),
    ("AWS::Serverless::Function", "Environment", "Variables"),
    ("AWS::Serverless::Function", "LoggingConfig", "ApplicationLogLevel LogFormat LogGroup SystemLogLevel"),
    ("AWS::Serverless::Function", "Events.*", "Properties Type"),
    ("AWS::Serverless::HttpApi", "AccessLogSettings", "DestinationArn Format"),
    ("AWS::Serverless::HttpApi", "DefaultRouteSettings", "DetailedMetricsEnabled ThrottlingBurstLimit ThrottlingRateLimit"),
    ("AWS::Serverless::HttpApi", "Domain", "CertificateArn DomainName EndpointConfiguration Route53 SecurityPolicy"),
];

/// The properties of each kind of event.
#[rustfmt::skip]
pub(crate) const EVENTS: &[(&str, &str)] = &[
    ("DynamoDB", "BatchSize BisectBatchOnFunctionError DestinationConfig FilterCriteria FunctionResponseTypes \
        MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts ParallelizationFactor StartingPosition Stream"),
    ("HttpApi", "ApiId Method Path"),
    ("SQS", "BatchSize FunctionResponseTypes MaximumBatchingWindowInSeconds Queue ScalingConfig"),
    ("ScheduleV2", "DeadLetterConfig Input RetryPolicy RoleArn ScheduleExpression"),
];

/// Words of a list above.
pub(crate) fn has(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}
