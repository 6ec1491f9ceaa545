//! The forms of an industry: what its people are asked besides name, phone and e-mail (S1 3.2). Forms are data, not
//! code: a new industry is a file.

mod registry;
mod schema;
mod validate;

pub use registry::{FormRegistry, RegistryError};
pub use schema::{Choice, Field, FieldType, Form};
pub use validate::{FormData, validate};
