use uuid::Uuid;

use super::*;

fn set(names: &[&str]) -> PermissionSet {
    names.iter().map(|n| n.parse::<P>().unwrap()).collect()
}

fn plain(role: Role, preset: Option<Preset>) -> PermissionSet {
    effective(role, preset, CustomPermissions::default())
}

fn changed(role: Role, preset: Preset, add: &[&str], remove: &[&str]) -> PermissionSet {
    let custom = CustomPermissions {
        add: set(add),
        remove: set(remove),
    };
    effective(role, Some(preset), custom)
}

const S3_CLIENT_USER: [&str; 7] = [
    "view_contacts",
    "create_contacts",
    "edit_own_contacts",
    "trigger_manual_calls",
    "view_call_results",
    "view_basic_analytics",
    "update_own_profile",
];
const S3_CLIENT_ADMIN_ADDS: [&str; 7] = [
    "manage_team_members",
    "configure_integrations",
    "manage_business_settings",
    "view_all_analytics",
    "export_data",
    "manage_compliance_settings",
    "configure_call_settings",
];
const S3_CUSTOM: [&str; 12] = [
    "view_all_contacts",
    "edit_all_contacts",
    "delete_contacts",
    "export_contacts",
    "trigger_immediate_calls",
    "modify_call_schedules",
    "view_call_analytics",
    "manage_retry_settings",
    "manage_integrations",
    "configure_business_settings",
    "manage_team_members",
    "view_system_analytics",
];

#[test]
fn every_name_of_s3_and_no_other() {
    let s3: BTreeSet<&str> = S3_CLIENT_USER
        .into_iter()
        .chain(S3_CLIENT_ADMIN_ADDS)
        .chain(S3_CUSTOM)
        .collect();
    let ours: BTreeSet<&str> = P::ALL.iter().map(|p| p.as_str()).collect();
    assert_eq!(ours, s3);
    assert_eq!(ours.len(), P::ALL.len());
}

/// Role or preset × permission, written out: one row per permission, in the order
/// super_admin, client_admin, receptionist, basic_staff, manager, read_only.
const MATRIX: &[(&str, &str)] = &[
    ("view_contacts", ".AxxMr"),
    ("create_contacts", ".AxxM."),
    ("edit_own_contacts", ".AxxM."),
    ("trigger_manual_calls", ".AxxM."),
    ("view_call_results", ".AxxMr"),
    ("view_basic_analytics", ".AxxMr"),
    ("update_own_profile", "SAxxMr"),
    ("manage_team_members", ".A...."),
    ("configure_integrations", ".A...."),
    ("manage_business_settings", ".A...."),
    ("view_all_analytics", ".A...."),
    ("export_data", ".A...."),
    ("manage_compliance_settings", ".A...."),
    ("configure_call_settings", ".A...."),
    ("view_all_contacts", ".Ax..r"),
    ("edit_all_contacts", ".Ax..."),
    ("delete_contacts", ".A..M."),
    ("export_contacts", ".A..M."),
    ("trigger_immediate_calls", ".AxxM."),
    ("modify_call_schedules", ".A..M."),
    ("view_call_analytics", ".A..M."),
    ("manage_retry_settings", ".A...."),
    ("manage_integrations", ".A...."),
    ("configure_business_settings", ".A...."),
    ("view_system_analytics", "SA...."),
];

#[test]
fn the_matrix() {
    let columns = [
        plain(Role::SuperAdmin, None),
        plain(Role::ClientAdmin, None),
        plain(Role::ClientUser, Some(Preset::Receptionist)),
        plain(Role::ClientUser, Some(Preset::BasicStaff)),
        plain(Role::ClientUser, Some(Preset::Manager)),
        plain(Role::ClientUser, Some(Preset::ReadOnly)),
    ];
    assert_eq!(MATRIX.len(), P::ALL.len());
    for (name, row) in MATRIX {
        let permission: P = name.parse().unwrap();
        for (column, cell) in columns.iter().zip(row.chars()) {
            assert_eq!(column.contains(permission), cell != '.', "{name} in {row}");
        }
    }
}

#[test]
fn new_staff_are_receptionists_and_a_preset_changes_no_other_role() {
    assert_eq!(Preset::default(), Preset::Receptionist);
    assert_eq!(
        plain(Role::ClientUser, None),
        plain(Role::ClientUser, Some(Preset::Receptionist))
    );
    for role in [Role::ClientAdmin, Role::SuperAdmin] {
        for preset in Preset::ALL {
            assert_eq!(plain(role, Some(*preset)), plain(role, None));
        }
    }
}

#[test]
fn taking_and_giving() {
    let admin = |remove: &[&str]| changed(Role::ClientAdmin, Preset::ReadOnly, &[], remove);
    assert!(!admin(&["export_contacts"]).contains(P::ExportContacts));
    assert!(admin(&["export_contacts"]).contains(P::ExportData));
    assert!(!admin(&["export_data"]).contains(P::ExportContacts));
    assert!(!admin(&["manage_integrations"]).contains(P::ConfigureIntegrations));
    let fewer_figures = admin(&["view_all_analytics"]);
    assert!(!fewer_figures.contains(P::ViewCallAnalytics));
    assert!(fewer_figures.contains(P::ViewBasicAnalytics));
    assert!(
        !admin(&["view_all_analytics", "view_basic_analytics"]).contains(P::ViewBasicAnalytics)
    );

    let staff =
        |add: &[&str], remove: &[&str]| changed(Role::ClientUser, Preset::BasicStaff, add, remove);
    assert!(staff(&["export_contacts"], &[]).contains(P::ExportContacts));
    assert!(!staff(&["export_contacts"], &[]).contains(P::ExportData));
    assert!(staff(&["export_contacts"], &["export_data"]).contains(P::ExportContacts));
    assert!(!staff(&["export_contacts"], &["export_contacts"]).contains(P::ExportContacts));
    assert!(!staff(&[], &["trigger_immediate_calls"]).contains(P::TriggerManualCalls));

    // Nobody changes, rings or exports what they may not see.
    let blind = staff(&[], &["view_contacts"]);
    assert_eq!(
        blind,
        set(&[
            "view_call_results",
            "view_basic_analytics",
            "update_own_profile"
        ])
    );
    // Edit all brings what it needs; taking it leaves edit own.
    let reader = changed(
        Role::ClientUser,
        Preset::ReadOnly,
        &["edit_all_contacts"],
        &[],
    );
    assert!(reader.contains(P::EditOwnContacts));
    let narrowed = changed(
        Role::ClientUser,
        Preset::Receptionist,
        &[],
        &["edit_all_contacts"],
    );
    assert!(narrowed.contains(P::EditOwnContacts) && narrowed.contains(P::ViewAllContacts));
}

#[test]
fn a_super_admin_reaches_no_tenants_people_even_by_custom_permissions() {
    let custom = CustomPermissions {
        add: PermissionSet::all(),
        remove: PermissionSet::EMPTY,
    };
    let permissions = effective(Role::SuperAdmin, None, custom);
    assert_eq!(permissions, plain(Role::SuperAdmin, None));
    let scopes = ContactScopes::new(Role::SuperAdmin, None, permissions, &BTreeSet::new());
    assert_eq!(scopes, ContactScopes::default());
}

#[test]
fn who_reaches_whom() {
    let me = UserId::new(Uuid::from_u128(1));
    let other = UserId::new(Uuid::from_u128(2));
    let industries = BTreeSet::from(["healthcare".to_owned()]);
    let contact = |created_by, assigned_to, industry| ContactOwnership {
        created_by,
        assigned_to,
        industry,
    };
    let people = [
        contact(Some(me), None, None),
        contact(Some(other), Some(me), Some("legal")),
        contact(Some(other), None, Some("healthcare")),
        contact(None, Some(other), Some("legal")),
        contact(None, None, None),
    ];
    // (role, preset, who is seen, who may be changed)
    let cases = [
        (Role::SuperAdmin, None, [false; 5], [false; 5]),
        (Role::ClientAdmin, None, [true; 5], [true; 5]),
        (Role::ClientUser, None, [true; 5], [true; 5]),
        (
            Role::ClientUser,
            Some(Preset::BasicStaff),
            [true, true, false, false, false],
            [true, true, false, false, false],
        ),
        (
            Role::ClientUser,
            Some(Preset::Manager),
            [true, true, true, false, false],
            [true, true, true, false, false],
        ),
        (
            Role::ClientUser,
            Some(Preset::ReadOnly),
            [true; 5],
            [false; 5],
        ),
    ];
    for (role, preset, seen, changed) in cases {
        let scopes = ContactScopes::new(role, preset, plain(role, preset), &industries);
        for (n, person) in people.iter().enumerate() {
            assert_eq!(
                scopes.can_view(me, person),
                seen[n],
                "{role} {preset:?} sees {n}"
            );
            assert_eq!(
                scopes.can_edit(me, person),
                changed[n],
                "{role} {preset:?} edits {n}"
            );
        }
    }
}

#[test]
fn only_what_is_seen_can_be_changed() {
    let me = UserId::new(Uuid::from_u128(1));
    let stranger = ContactOwnership {
        created_by: None,
        assigned_to: None,
        industry: None,
    };
    let permissions = changed(
        Role::ClientUser,
        Preset::Receptionist,
        &[],
        &["view_all_contacts"],
    );
    let scopes = ContactScopes::new(Role::ClientUser, None, permissions, &BTreeSet::new());
    assert_eq!(scopes.edit, Some(Scope::All));
    assert!(!scopes.can_view(me, &stranger));
    assert!(!scopes.can_edit(me, &stranger));
}

#[test]
fn json_is_a_list_of_names() {
    let two = set(&["update_own_profile", "view_contacts"]);
    let text = serde_json::to_string(&two).unwrap();
    assert_eq!(text, r#"["view_contacts","update_own_profile"]"#);
    assert_eq!(serde_json::from_str::<PermissionSet>(&text).unwrap(), two);
    assert!(serde_json::from_str::<PermissionSet>(r#"["view_everything"]"#).is_err());
    assert_eq!(
        serde_json::to_string(&Role::SuperAdmin).unwrap(),
        r#""super_admin""#
    );
    assert_eq!("read_only".parse::<Preset>(), Ok(Preset::ReadOnly));
    assert_eq!("root".parse::<Role>(), Err(UnknownName));
}
