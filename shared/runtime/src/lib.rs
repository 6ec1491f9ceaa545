//! vio-runtime
