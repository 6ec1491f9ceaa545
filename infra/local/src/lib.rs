//! vio-local
