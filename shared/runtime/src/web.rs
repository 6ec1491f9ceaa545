//! What handlers share: from a signed-in person to their tenant's storage, from storage errors to problems.

use vio_domain::error::{FieldError, FieldErrors};
use vio_domain::groups::Visibility;
use vio_domain::ids::TenantId;
use vio_domain::permission::Role;
use vio_http::{Client, FieldProblem, Kind, Principal, Problem, RequestId};
use vio_store::log::{Actor, Who};
use vio_store::tenants::TenantSettings;
use vio_store::{StoreError, TenantStore};

use crate::app::App;

/// The person behind a request, for the log.
pub fn actor(principal: &Principal, request: RequestId) -> Actor {
    Actor {
        who: Who::User {
            id: principal.user_id,
        },
        request_id: Some(request.0),
        address: principal.ip.map(|ip| ip.to_string()),
        device: principal.user_agent.clone(),
    }
}

/// The same where nobody is signed in yet, such as at sign-in.
pub fn visitor(who: Who, client: &Client, request: RequestId) -> Actor {
    Actor {
        who,
        request_id: Some(request.0),
        address: client.ip.map(|ip| ip.to_string()),
        device: client.user_agent.clone(),
    }
}

/// Whether the person sees a group of this visibility (S2); one they do not see is as if it were not there.
pub fn sees_group(principal: &Principal, visibility: &Visibility) -> bool {
    visibility.shows(principal.user_id, principal.role == Role::ClientAdmin)
}

/// The problem of a storage error: 409 for a race that was lost too often, 503 for what passes, 500 for the rest.
pub fn store_problem(error: StoreError) -> Problem {
    match &error {
        StoreError::Lost { .. } => Problem::new(Kind::Conflict).caused_by(&error),
        StoreError::Unavailable(_) | StoreError::Keys(_) | StoreError::Objects(_) => {
            Problem::unavailable(&error)
        }
        _ => Problem::internal(&error),
    }
}

/// One refused field as a problem's entry.
pub fn field_problem(error: FieldError) -> FieldProblem {
    FieldProblem::new(error.pointer, error.code, error.detail)
}

/// 422 with every refused field.
pub fn fields_problem(errors: FieldErrors) -> Problem {
    Problem::validation(errors.into_iter().map(field_problem).collect())
}

impl App {
    /// The storage of the signed-in person's tenant.
    pub async fn tenant_of(&self, principal: &Principal) -> Result<TenantStore, Problem> {
        self.tenant(principal.tenant_id).await
    }

    /// The same with the tenant's settings.
    pub async fn tenant_with_settings(
        &self,
        principal: &Principal,
    ) -> Result<(TenantStore, TenantSettings), Problem> {
        self.store
            .tenant_with_settings(principal.tenant_id)
            .await
            .map_err(store_problem)?
            .ok_or_else(Problem::not_found)
    }

    /// The storage of a tenant; 404 where there is none.
    pub async fn tenant(&self, tenant: TenantId) -> Result<TenantStore, Problem> {
        self.store
            .tenant(tenant)
            .await
            .map_err(store_problem)?
            .ok_or_else(Problem::not_found)
    }
}
