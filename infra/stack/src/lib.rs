//! vio-stack
