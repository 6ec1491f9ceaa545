//! vio-http
