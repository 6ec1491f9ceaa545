//! vio-providers
