//! vio-sandbox
