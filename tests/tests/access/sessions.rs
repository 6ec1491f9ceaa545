//! Without a session that stands: 401, the same for every route.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use uuid::Uuid;
use vio_crypto::tokens::Claims;
use vio_http::access::{Access, TABLE};
use vio_tests::contract::world::sign_in;
use vio_tests::contract::{Ask, Operation, World};

use crate::Stage;

fn claims(token: &str) -> Claims {
    let payload = token.split('.').nth(1).expect("a payload");
    let bytes = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&bytes).expect("claims")
}

/// Tokens that are not good, each with why; the first three are tried everywhere.
async fn bad_tokens(stage: &Stage, world: &World) -> Vec<(&'static str, String)> {
    let good = &world.admin.token;
    let tokens = &stage.host.app().tokens;
    let sign = async |change: fn(&mut Claims)| {
        let mut claims = claims(good);
        change(&mut claims);
        let signed = tokens.sign(&claims).await.expect("a signature");
        signed.expose_secret().to_owned()
    };
    let expired = sign(|claims| {
        claims.exp = claims.iat - 3_600;
        claims.iat -= 7_200;
    });
    let foreign = sign(|claims| claims.iss = "https://elsewhere.example".into());
    let nobody = sign(|claims| claims.sub = Uuid::from_u128(7));
    let elsewhere = sign(|claims| claims.tid = Uuid::from_u128(7));
    let raised = sign(|claims| claims.pv += 1);

    let other = sign_in(&stage.api, &world.admin.email).await;
    let out = Ask::new("POST", "/api/auth/sign-out").token(&other.token);
    assert_eq!(stage.api.send(&out).await.status, 204);

    // The signature's last byte but one, so that padding bits do not matter.
    let at = good.len() - 3;
    let other_letter = if good.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    let mut forged = good.clone();
    forged.replace_range(at..=at, other_letter);
    let unsigned = good.rsplit_once('.').expect("a signature").0.to_owned() + ".";
    vec![
        ("garbage", "garbage".to_owned()),
        ("an expired one", expired.await),
        ("one of a session that was signed out", other.token),
        ("a forged one", forged),
        ("an unsigned one", unsigned),
        ("one of another issuer", foreign.await),
        ("one of nobody", nobody.await),
        ("one of another business", elsewhere.await),
        ("one from before a change of permissions", raised.await),
    ]
}

fn is_refusal(
    stage: &Stage,
    operation: &Operation,
    which: &str,
    answer: &vio_tests::contract::Answer,
) {
    stage.judge(which, operation, answer);
    let right = answer.status == 401
        && answer.problem() == "unauthorized"
        && answer.challenge.as_deref() == Some("Bearer");
    stage.found.expect(right, || {
        format!(
            "{operation} with {which}: {} {}",
            answer.status,
            answer.problem()
        )
    });
}

pub(crate) async fn refused_without_one(stage: &Stage) {
    let world = World::sign_up(&stage.api, "sessions").await;
    let mut bad = bad_tokens(stage, &world).await;
    let rare = bad.split_off(3);
    for (at, operation) in stage.operations.iter().enumerate() {
        let access = TABLE
            .iter()
            .find(|route| route.path == operation.path && route.method.as_str() == operation.method)
            .map(|route| route.access);
        let ids = vec![Uuid::now_v7().to_string(); operation.placeholders().len()];
        let ask = Ask::to(operation, &ids).body(operation.body_example());
        if operation.needs_session() {
            let answer = stage.api.send(&ask).await;
            is_refusal(stage, operation, "no token", &answer);
            // One layer judges tokens for all routes, so the rarer ones take turns.
            let rare = &rare[at % rare.len()];
            for (which, token) in bad.iter().chain([rare]) {
                let answer = stage.api.send(&ask.clone().token(token)).await;
                is_refusal(stage, operation, which, &answer);
            }
            let header = ["Basic dXNlcjpwYXNz", "Bearer", "Bearer  x", ""][at % 4];
            let other = ask.header("authorization", header);
            let answer = stage.api.send(&other).await;
            is_refusal(stage, operation, "another header", &answer);
        } else if access == Some(Access::Signature) {
            signed(stage, &world, operation).await;
        } else {
            stage.found.expect(access == Some(Access::Public), || {
                format!("{operation} is open in the document and {access:?} in the access table")
            });
            // Open means open: a token that is not good changes nothing.
            let plain = stage.api.send(&ask).await;
            stage.judge("anybody", operation, &plain);
        }
    }
}

/// A webhook's address is not a session, and no session replaces its signature.
async fn signed(stage: &Stage, world: &World, operation: &Operation) {
    let values = world
        .values(&operation.path, &operation.placeholders(), &world.admin)
        .await;
    let values = match values {
        Ok(values) => values,
        Err(missing) => return stage.found.note(missing),
    };
    for token in [None, Some(&world.admin.token)] {
        let mut ask = Ask::to(operation, &values).body(operation.body_example());
        ask.token = token.cloned();
        let answer = stage.api.send(&ask).await;
        stage.judge("no signature", operation, &answer);
        stage
            .found
            .expect(answer.problem() == "invalid-signature", || {
                format!(
                    "{operation} without a signature: {} {}",
                    answer.status, answer.text
                )
            });
    }
    for unknown in [Uuid::now_v7().to_string(), "x".repeat(43), "A".repeat(43)] {
        let answer = stage
            .api
            .send(&Ask::to(operation, &[unknown]).body(operation.body_example()))
            .await;
        stage.judge("nobody", operation, &answer);
        stage.found.expect(answer.status == 404, || {
            format!("{operation} at an unknown address: {}", answer.status)
        });
    }
}
