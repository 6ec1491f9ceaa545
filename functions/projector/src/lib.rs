//! vio-projector
