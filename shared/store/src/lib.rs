//! vio-store
