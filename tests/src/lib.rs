//! vio-tests
