//! vio-domain
