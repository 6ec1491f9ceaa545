//! Messages from plan to delivery, over the table in memory and a provider that does what a test says.
#![allow(clippy::unwrap_used, clippy::panic)]

mod letters;
mod mails;
mod notices;
mod planned;
mod replies;
mod samples;
mod sends;
mod world;
