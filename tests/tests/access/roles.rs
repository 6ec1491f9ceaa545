//! Every role and preset over every route: what the document asks for, the lists below decide. The lists are written
//! out here once more, from the requirements (S3 section 5, rules.md), so that a wrong one in the code is noticed.

use futures::future::join_all;
use serde_json::{Value, json};
use vio_domain::ids::UserId;
use vio_domain::permission::{CustomPermissions, PermissionSet, Preset, Role, effective};
use vio_http::access::{Access, TABLE};
use vio_store::tx::Tx;
use vio_store::users::NewUser;
use vio_tests::contract::world::sign_in;
use vio_tests::contract::{Ask, Operation, Person, World};

use crate::Stage;

/// S3's `client_user`; the second name of a power follows its first.
const STAFF: [&str; 8] = [
    "view_contacts",
    "create_contacts",
    "edit_own_contacts",
    "trigger_manual_calls",
    "trigger_immediate_calls",
    "view_call_results",
    "view_basic_analytics",
    "update_own_profile",
];

/// Somebody, and all that they may do.
struct Who {
    name: &'static str,
    /// As `POST /api/team` takes it; none for the first administrator and the operator.
    member: Option<Value>,
    may: Vec<&'static str>,
    role: Role,
    preset: Option<Preset>,
    add: &'static [&'static str],
    remove: &'static [&'static str],
}

fn with(more: &[&'static str]) -> Vec<&'static str> {
    STAFF.iter().chain(more).copied().collect()
}

fn staff(name: &'static str, preset: Preset, may: Vec<&'static str>) -> Who {
    Who {
        name,
        member: Some(json!({ "role": "client_user", "preset": name })),
        may,
        role: Role::ClientUser,
        preset: Some(preset),
        add: &[],
        remove: &[],
    }
}

fn everybody() -> Vec<Who> {
    // S3's additional permissions, the contact powers of full access (S0), and what is within them.
    let admin = with(&[
        "manage_team_members",
        "configure_integrations",
        "manage_integrations",
        "manage_business_settings",
        "configure_business_settings",
        "view_all_analytics",
        "view_call_analytics",
        "view_system_analytics",
        "export_data",
        "export_contacts",
        "manage_compliance_settings",
        "configure_call_settings",
        "manage_retry_settings",
        "modify_call_schedules",
        "view_all_contacts",
        "edit_all_contacts",
        "delete_contacts",
    ]);
    let receptionist = with(&["view_all_contacts", "edit_all_contacts"]);
    let manager = with(&[
        "delete_contacts",
        "export_contacts",
        "modify_call_schedules",
        "view_call_analytics",
    ]);
    let read_only = vec![
        "view_contacts",
        "view_all_contacts",
        "view_call_results",
        "view_basic_analytics",
        "update_own_profile",
    ];
    let added = [
        "create_contacts",
        "edit_own_contacts",
        "delete_contacts",
        "modify_call_schedules",
    ];
    let removed = [
        "trigger_manual_calls",
        "edit_own_contacts",
        "view_call_results",
    ];
    let more = read_only.iter().chain(&added).copied().collect();
    // Without editing one's own there is no editing all; both names of ringing go together.
    let gone = [
        "trigger_manual_calls",
        "trigger_immediate_calls",
        "edit_own_contacts",
        "edit_all_contacts",
        "view_call_results",
    ];
    let mut less = receptionist.clone();
    less.retain(|name| !gone.contains(name));
    vec![
        Who {
            name: "client_admin",
            member: None,
            may: admin,
            role: Role::ClientAdmin,
            preset: None,
            add: &[],
            remove: &[],
        },
        // The platform's operator: nobody's personal data (rules.md).
        Who {
            name: "super_admin",
            member: None,
            may: vec!["update_own_profile", "view_system_analytics"],
            role: Role::SuperAdmin,
            preset: None,
            add: &[],
            remove: &[],
        },
        staff("receptionist", Preset::Receptionist, receptionist),
        staff("basic_staff", Preset::BasicStaff, with(&[])),
        staff("manager", Preset::Manager, manager),
        staff("read_only", Preset::ReadOnly, read_only),
        Who {
            name: "more",
            member: Some(
                json!({ "role": "client_user", "preset": "read_only", "permissions": { "add": added } }),
            ),
            may: more,
            role: Role::ClientUser,
            preset: Some(Preset::ReadOnly),
            add: &[
                "create_contacts",
                "edit_own_contacts",
                "delete_contacts",
                "modify_call_schedules",
            ],
            remove: &[],
        },
        Who {
            name: "less",
            member: Some(json!({ "role": "client_user", "permissions": { "remove": removed } })),
            may: less,
            role: Role::ClientUser,
            preset: None,
            add: &[],
            remove: &[
                "trigger_manual_calls",
                "edit_own_contacts",
                "view_call_results",
            ],
        },
    ]
}

/// What the examples of the document are answered, where that is no success.
const ANSWERED: [(&str, u16); 7] = [
    // Without its query.
    ("GET /api/groups/comparison", 400),
    // A planned reminder, which its appointment decides about.
    ("POST /api/calls/{session_id}/cancel", 409),
    // They are somebody's, whom nobody knows here.
    ("POST /api/auth/sign-in", 401),
    ("POST /api/auth/refresh", 401),
    ("POST /api/auth/password", 422),
    ("POST /api/auth/password/reset", 422),
    ("POST /api/auth/invitations/accept", 422),
];

pub(crate) async fn as_their_permissions_say(stage: &Stage) {
    join_all(everybody().iter().map(|who| over_every_route(stage, who))).await;
}

/// An operator of the platform, whom no route makes: with the administrator's password, so that they can sign in.
async fn operator(stage: &Stage, world: &World) -> Person {
    let app = stage.host.app();
    let tenant = world.admin.tenant.parse().expect("an id");
    let tenant = app.store.tenant(tenant).await.unwrap().expect("a business");
    let admin = world.admin.user.parse().expect("an id");
    let admin = tenant.user(admin).await.unwrap().expect("a user");
    let email = "operator@platform.example";
    let mut personal = tenant.open_personal(&admin).unwrap();
    personal.email = email.parse().expect("an address");
    let new = NewUser {
        id: UserId::new(tenant.new_id()),
        role: Role::SuperAdmin,
        preset: None,
        industries: Default::default(),
        custom: CustomPermissions::default(),
        personal,
        password: tenant.open_password(&admin).unwrap(),
    };
    let mut tx = Tx::new();
    tenant
        .create_user(&mut tx, app.platform_keys().await.unwrap(), new)
        .unwrap();
    app.store.commit(tx).await.unwrap();
    sign_in(&stage.api, email).await
}

async fn over_every_route(stage: &Stage, who: &Who) {
    let world = World::sign_up(&stage.api, &who.name.replace('_', "-")).await;
    let person = match &who.member {
        Some(member) => world.colleague(who.name, member.clone()).await,
        None if who.role == Role::SuperAdmin => operator(stage, &world).await,
        None => world.admin.clone(),
    };
    same_powers(stage, who, &person);
    for operation in stage
        .operations
        .iter()
        .filter(|operation| operation.needs_session())
    {
        let needs = operation.permissions();
        let may = needs.is_empty() || needs.iter().any(|name| who.may.contains(&name.as_str()));
        stage.found.expect(may == tabled(operation, who), || {
            format!(
                "{operation} by {}: the access table says otherwise",
                who.name
            )
        });
        let values = world
            .values(&operation.path, &operation.placeholders(), &person)
            .await;
        let values = match values {
            Ok(values) => values,
            Err(missing) => {
                stage.found.note(missing);
                continue;
            }
        };
        // What ends the session gets one of its own.
        let token = match operation.path.ends_with("/sign-out") {
            true => sign_in(&stage.api, &person.email).await.token,
            false => person.token.clone(),
        };
        let example = world.example(operation, &person).await;
        let mut ask = Ask::to(operation, &values).token(&token);
        match example {
            Ok(Some(body)) => ask = ask.json(&body),
            Ok(None) => {}
            Err(missing) => stage.found.note(missing),
        }
        if operation
            .parameters("header")
            .any(|header| header["name"] == "If-Match" && header["required"] == true)
        {
            ask = ask.header("if-match", "*");
        }
        let answer = stage.api.send(&ask).await;
        stage.judge(who.name, operation, &answer);
        let refused = matches!(answer.status.as_u16(), 401 | 403);
        stage.found.expect(refused != may, || {
            format!(
                "{operation} by {}: {} {}",
                who.name, answer.status, answer.text
            )
        });
        if !may {
            let named = &answer.json()["permissions"];
            stage.found.expect(
                *named == json!(needs) && answer.problem() == "forbidden",
                || format!("{operation} by {}: names {named}, not {needs:?}", who.name),
            );
        } else if who.role == Role::ClientAdmin {
            works(stage, operation, &answer);
        }
    }
}

/// The administrator is the one whom nothing but the request itself can fail: so the documented example must work.
fn works(stage: &Stage, operation: &Operation, answer: &vio_tests::contract::Answer) {
    let known = ANSWERED
        .iter()
        .find(|(name, _)| *name == operation.to_string());
    let right = match known {
        Some((_, status)) => answer.status == *status,
        None => {
            answer.status.is_success()
                || operation.method == "DELETE" && !operation.names("query").is_empty()
        }
    };
    stage.found.expect(right, || {
        format!(
            "{operation}: its example was answered {} {}",
            answer.status, answer.text
        )
    });
}

fn names(set: &[&str]) -> PermissionSet {
    set.iter()
        .map(|name| name.parse().expect("a permission"))
        .collect()
}

/// What sign-in said, and what the code derives, are the list above.
fn same_powers(stage: &Stage, who: &Who, person: &Person) {
    let custom = CustomPermissions {
        add: names(who.add),
        remove: names(who.remove),
    };
    let expected = names(&who.may);
    let said = names(
        &person
            .permissions
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    let derived = effective(who.role, who.preset, custom);
    stage
        .found
        .expect(said == expected && derived == expected, || {
            format!(
                "{} may {said:?}, by the code {derived:?}, by the requirements {expected:?}",
                who.name
            )
        });
}

/// Whether the access table lets them pass.
fn tabled(operation: &Operation, who: &Who) -> bool {
    let route = TABLE
        .iter()
        .find(|route| route.path == operation.path && route.method.as_str() == operation.method);
    let may = names(&who.may);
    match route
        .expect("a route of the document is in the table")
        .access
    {
        Access::Public | Access::Signature | Access::SignedIn => true,
        Access::Needs(permission) => may.contains(permission),
        Access::NeedsAny(permissions) => may.contains_any(permissions),
        Access::SuperAdmin => who.role == Role::SuperAdmin,
    }
}
