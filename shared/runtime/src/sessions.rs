//! Opening and renewing sessions: a short access token, and a refresh token that is good once (rules.md People, roles,
//! sessions).

use chrono::TimeDelta;
use secrecy::SecretString;
use vio_crypto::tokens::{NewAccess, RefreshToken};
use vio_domain::ids::SignInId;
use vio_domain::notices::Happening;
use vio_http::Problem;
use vio_store::TenantStore;
use vio_store::log::{Actor, Entry};
use vio_store::sign_ins::SignInRow;
use vio_store::tx::Tx;
use vio_store::users::UserRow;

use crate::app::App;
use crate::web::store_problem;

/// What a client gets to work with.
#[derive(Debug)]
pub struct Session {
    pub id: SignInId,
    pub access_token: SecretString,
    /// Seconds until the access token expires.
    pub expires_in: u64,
    pub refresh_token: RefreshToken,
    /// Seconds until the refresh token expires.
    pub refresh_expires_in: i64,
}

impl App {
    async fn session(
        &self,
        user: &UserRow,
        sign_in: &SignInRow,
        refresh_token: RefreshToken,
    ) -> Result<Session, Problem> {
        let now = self.real_clock.now();
        let access = NewAccess {
            user: user.id.uuid(),
            tenant: user.tenant.uuid(),
            session: sign_in.id.uuid(),
            role: user.role.as_str().to_owned(),
            preset: user
                .preset_in_force()
                .map(|preset| preset.as_str().to_owned()),
            permission_version: user.permission_version,
        };
        let jti = self.store.new_id();
        let (access_token, claims) = self
            .tokens
            .issue(access, now, jti)
            .await
            .map_err(|error| Problem::unavailable(&error))?;
        Ok(Session {
            id: sign_in.id,
            access_token,
            expires_in: u64::try_from(claims.exp - claims.iat).unwrap_or(0),
            refresh_token,
            refresh_expires_in: (sign_in.expires_at - now)
                .max(TimeDelta::zero())
                .num_seconds(),
        })
    }

    /// Signs a user in on a new device; the audit gets its entry with it.
    pub async fn open_session(
        &self,
        tenant: &TenantStore,
        user: &mut UserRow,
        cookie: bool,
        actor: &Actor,
    ) -> Result<Session, Problem> {
        let token = RefreshToken::generate(self.store.new_id(), self.store.random())
            .map_err(|error| Problem::internal(&error))?;
        let mut tx = Tx::new();
        let real_now = self.real_clock.now();
        let sign_in = tenant
            .create_sign_in(&mut tx, user.id, &token, cookie, actor, real_now)
            .map_err(store_problem)?;
        let entry = Entry::new("user.signed_in", "user", user.id.uuid());
        tenant.log(&mut tx, actor, entry).map_err(store_problem)?;
        // Known once the time of the sign-in is noted; where that is lost, the owner rather hears of it twice.
        let device = actor.device.as_deref();
        if device.is_some_and(|device| tenant.note_device(user, device)) {
            let happening = Happening::NewSignIn { user: user.id };
            tenant.tell(&mut tx, happening).map_err(store_problem)?;
        }
        self.store.commit(tx).await.map_err(store_problem)?;
        self.note_sign_in(user).await;
        self.session(user, &sign_in, token).await
    }

    /// "Last sign-in" is shown in the team's list. Somebody signing in twice at once loses one of the two: no matter.
    async fn note_sign_in(&self, user: &mut UserRow) {
        user.last_sign_in = Some(self.clock.now());
        let mut tx = Tx::new();
        let noted = match tx.update(user) {
            Ok(()) => self.store.commit(tx).await,
            Err(error) => Err(error),
        };
        if let Err(error) = noted
            && !error.is_lost()
        {
            tracing::warn!(%error, "the time of a sign-in was not noted");
        }
    }

    /// Renews a session under a new refresh token; the old one is good no longer. The caller has checked that the old
    /// one was. Lost on `sign_in` where somebody else renewed it meanwhile.
    pub async fn renew_session(
        &self,
        user: &UserRow,
        mut sign_in: SignInRow,
    ) -> Result<Session, Renewal> {
        let token = RefreshToken::generate(sign_in.id.uuid(), self.store.random())
            .map_err(|error| Renewal::Problem(Problem::internal(&error)))?;
        sign_in.refresh = token.hash();
        sign_in.last_used = self.clock.now();
        let mut tx = Tx::new();
        tx.update(&mut sign_in)
            .map_err(|error| Renewal::Problem(store_problem(error)))?;
        match self.store.commit(tx).await {
            Ok(()) => self
                .session(user, &sign_in, token)
                .await
                .map_err(Renewal::Problem),
            Err(error) if error.is_lost() => Err(Renewal::Lost),
            Err(error) => Err(Renewal::Problem(store_problem(error))),
        }
    }
}

/// Why a session was not renewed.
#[derive(Debug)]
pub enum Renewal {
    /// The sign-in changed meanwhile: read it again and judge again.
    Lost,
    Problem(Problem),
}
