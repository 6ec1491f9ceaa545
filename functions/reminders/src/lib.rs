//! vio-reminders
