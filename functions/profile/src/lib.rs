//! vio-profile
