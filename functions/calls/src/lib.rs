//! vio-calls
