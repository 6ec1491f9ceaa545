//! Who reads, and what they may see: without it nothing is read.

use std::collections::BTreeSet;

use vio_domain::ids::{TenantId, UserId};
use vio_domain::permission::{ContactScopes, Scope};

use crate::text::fold::folded;

/// The reach of one reader: which contacts, which groups, which appointment types. To be made from an authenticated
/// request, where the tenant, the user and the scopes come from the session.
#[derive(Clone)]
pub struct Visibility {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    pub(crate) administrator: bool,
    pub(crate) view: Scope,
    pub(crate) edit: Option<Scope>,
    /// Folded names of the types that only those see who may change the contact (rules.md Contacts).
    pub(crate) sensitive_types: BTreeSet<Vec<u8>>,
}

impl Visibility {
    /// The reach of a user; none for one who sees no contacts at all.
    ///
    /// `administrator` sees every group. `sensitive_types` are the tenant's appointment types marked sensitive: their
    /// names are neither shown to, nor found by, somebody who may only look.
    pub fn new<'a>(
        tenant: TenantId,
        user: UserId,
        administrator: bool,
        scopes: &ContactScopes,
        sensitive_types: impl IntoIterator<Item = &'a str>,
    ) -> Option<Self> {
        Some(Self {
            tenant,
            user,
            administrator,
            view: scopes.view.clone()?,
            edit: scopes.edit.clone(),
            sensitive_types: sensitive_types.into_iter().map(folded).collect(),
        })
    }
}

impl std::fmt::Debug for Visibility {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visibility")
            .field("tenant", &self.tenant)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
