//! vio-identity
