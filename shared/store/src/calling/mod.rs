//! Calling in the table: planned sessions and their queue, the gate, attempts, and what settles them.

pub mod attention;
pub mod call_now;
pub mod dnc_import;
pub mod do_not_call;
pub mod gate;
pub mod grant;
pub mod outage;
pub mod place;
pub mod plan;
pub mod reach;
pub mod replan;
pub mod rows;
pub mod sessions;
pub mod settle;
pub mod work;
