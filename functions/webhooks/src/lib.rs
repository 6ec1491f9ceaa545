//! vio-webhooks
