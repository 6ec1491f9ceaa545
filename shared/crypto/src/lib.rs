//! vio-crypto
