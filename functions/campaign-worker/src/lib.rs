//! vio-campaign-worker
