//! Calendly: how it is read for what its webhooks did not tell, how those are subscribed to, and how it is told a change.

mod read;
mod subscription;
mod tell;

pub(crate) use read::read;
pub(crate) use subscription::leave;
pub(crate) use tell::tell;
