//! vio-contacts
