//! Keys of who signs in, and of what is theirs alone.

use uuid::Uuid;
use vio_domain::ids::{NoticeId, SavedFilterId, SignInId, TenantId, UserId};

use crate::port::Key;

use super::{main, tenant_pk};

/// A member of the team.
pub fn user(t: TenantId, u: UserId) -> Key {
    main(tenant_pk(t), format!("USER#{u}"))
}
pub const USER_PREFIX: &str = "USER#";

/// Which user signs in with an e-mail address; across tenants, by keyed hash.
pub fn login(email_hash: &str) -> Key {
    main(format!("LOGIN#{email_hash}"), "LOGIN")
}

/// When new passwords were asked for with an address, whether or not anybody has it.
pub fn password_reset_asks(email_hash: &str) -> Key {
    main(format!("LOGIN#{email_hash}"), "RESETS")
}
/// A link to a new password that was not used yet.
pub fn password_reset(id: Uuid) -> Key {
    main(format!("RESET#{id}"), "RESET")
}
/// An invitation to a team that was not accepted yet.
pub fn invitation(id: Uuid) -> Key {
    main(format!("INVITE#{id}"), "INVITATION")
}

/// A business name is taken (S3 "unique within platform"), by keyed hash of its folded form.
pub fn business_name(name_hash: &str) -> Key {
    main(format!("BUSINESS#{name_hash}"), "BUSINESS")
}

/// A signed-in device of a user.
pub fn sign_in(t: TenantId, u: UserId, s: SignInId) -> Key {
    main(format!("T#{t}#U#{u}"), format!("SIGNIN#{s}"))
}
/// Partition of a user's signed-in devices and saved filters.
pub fn sign_ins_pk(t: TenantId, u: UserId) -> String {
    format!("T#{t}#U#{u}")
}
pub const SIGN_IN_PREFIX: &str = "SIGNIN#";
/// A filter that a user saved.
pub fn saved_filter(t: TenantId, u: UserId, f: SavedFilterId) -> Key {
    main(sign_ins_pk(t, u), format!("{SAVED_FILTER_PREFIX}{f}"))
}
pub const SAVED_FILTER_PREFIX: &str = "FILTER#";
/// A message in the console of a user.
pub fn in_app(t: TenantId, u: UserId, id: NoticeId) -> Key {
    main(sign_ins_pk(t, u), format!("{IN_APP_PREFIX}{id}"))
}
pub const IN_APP_PREFIX: &str = "NOTE#";
/// The name of a user's saved filter is taken, by keyed hash of both.
pub fn saved_filter_name(t: TenantId, name_hash: &str) -> Key {
    main(format!("T#{t}#SN#{name_hash}"), "NAME")
}
/// Whose a family of refresh tokens is: a token names only its family.
pub fn refresh_family(s: SignInId) -> Key {
    main(format!("RT#{s}"), "FAMILY")
}
/// A ticket that opens one live connection.
pub fn live_ticket(ticket: Uuid) -> Key {
    main(format!("LIVE#{ticket}"), "TICKET")
}
/// Partition of a tenant's live connections.
pub fn live_pk(t: TenantId) -> String {
    format!("T#{t}#LIVE")
}
/// A live connection, by the name that API Gateway gave it.
pub fn live_connection(t: TenantId, connection: &str) -> Key {
    main(live_pk(t), connection)
}
/// Failed sign-ins with an e-mail address, by keyed hash, whether or not anybody has it.
pub fn sign_in_tries(email_hash: &str) -> Key {
    main(format!("LOGIN#{email_hash}"), "TRIES")
}
