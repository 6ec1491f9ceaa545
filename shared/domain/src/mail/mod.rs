//! E-mails: what one is made of, and how it is written out. Pure text; sending is not here.

mod link;
mod page;

pub use link::Link;
pub use page::{Block, LANGUAGE, Page, Rendered, one_line};
