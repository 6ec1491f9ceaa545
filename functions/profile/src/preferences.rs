//! How the console looks and behaves for the one who asks (S3 section 10): kept with their account.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::preferences::{
    ContactColumns, ContactView, DashboardView, Density, FontSize, ItemsPerPage, Preferences,
    PrimaryColor, RefreshRate, Sidebar, Theme, TimeFormat,
};
use vio_domain::settings::BusinessType;
use vio_http::{ETag, Fields, IfMatch, Json, Patch, Principal, Problem, RequestId, Validate};
use vio_runtime::App;

use crate::own::{Own, own};

/// The columns of the list of contacts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ContactColumns, example = json!({"shown": ["name", "appointment_time"], "widths": {"name": 240}}))]
pub(crate) struct Columns {
    /// Their names, in order.
    shown: Vec<String>,
    /// In pixels, where it is not the usual width.
    #[serde(default)]
    widths: BTreeMap<String, u16>,
}

/// What one prefers, with the default where one chose nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreferencesView {
    /// `light`, `dark` or `auto`.
    #[schema(value_type = String, example = "light")]
    theme: Theme,
    /// `compact`, `comfortable` or `spacious`.
    #[schema(value_type = String, example = "comfortable")]
    density: Density,
    /// One of S3's five colours; that of the type of business where none was chosen.
    #[schema(value_type = String, example = "#10B981")]
    primary_color: PrimaryColor,
    /// Whether it was chosen.
    primary_color_chosen: bool,
    /// `always_expanded`, `auto_collapse` or `always_collapsed`.
    #[schema(value_type = String, example = "auto_collapse")]
    sidebar_behavior: Sidebar,
    /// `grid`, `list` or `compact`.
    #[schema(value_type = String, example = "grid")]
    default_contact_view: ContactView,
    /// 10, 25, 50 or 100.
    #[schema(value_type = u16, example = 25)]
    items_per_page: ItemsPerPage,
    /// Lists are scrolled to their end instead of being cut into pages.
    scroll_lists: bool,
    /// Null for the usual columns.
    contact_columns: Option<Columns>,
    /// `small`, `medium`, `large` or `extra_large`.
    #[schema(value_type = String, example = "medium")]
    font_size: FontSize,
    /// `12_hour` or `24_hour`.
    #[schema(value_type = String, example = "12_hour")]
    time_format: TimeFormat,
    high_contrast_mode: bool,
    reduced_motion: bool,
    /// Single letters as shortcuts.
    letter_shortcuts: bool,
    /// What opens after signing in: `overview`, `contacts`, `analytics` or `calls`.
    #[schema(value_type = String, example = "overview")]
    default_dashboard_view: DashboardView,
    /// Seconds: 30, 60, 300 or 900; 0 for never.
    #[schema(value_type = u16, example = 300)]
    dashboard_refresh_rate: RefreshRate,
    /// Whether changes are shown as they happen.
    real_time_updates: bool,
    /// Whether percentages of calls that were answered and confirmed are shown.
    show_call_success_rates: bool,
    /// Whether it is shown how calls and confirmations went over time.
    show_appointment_trends: bool,
    /// Whether it is shown how many contacts came.
    show_contact_growth: bool,
}

/// The colour of a type of business (S3 `default_by_business_type`).
fn color_of(kind: BusinessType) -> PrimaryColor {
    match kind {
        BusinessType::Medical => PrimaryColor::Green,
        BusinessType::Salon => PrimaryColor::Purple,
        BusinessType::Restaurant => PrimaryColor::Orange,
        BusinessType::Consultant => PrimaryColor::Gray,
        BusinessType::General => PrimaryColor::Blue,
    }
}

impl PreferencesView {
    fn new(preferences: &Preferences, kind: BusinessType) -> Self {
        let columns = preferences.contact_columns.as_ref();
        Self {
            theme: preferences.theme,
            density: preferences.density,
            primary_color: preferences.primary_color.unwrap_or_else(|| color_of(kind)),
            primary_color_chosen: preferences.primary_color.is_some(),
            sidebar_behavior: preferences.sidebar_behavior,
            default_contact_view: preferences.default_contact_view,
            items_per_page: preferences.items_per_page,
            scroll_lists: preferences.scroll_lists,
            contact_columns: columns.map(|columns| Columns {
                shown: columns.shown().to_vec(),
                widths: columns.widths().clone(),
            }),
            font_size: preferences.font_size,
            time_format: preferences.time_format,
            high_contrast_mode: preferences.high_contrast_mode,
            reduced_motion: preferences.reduced_motion,
            letter_shortcuts: preferences.letter_shortcuts,
            default_dashboard_view: preferences.default_dashboard_view,
            dashboard_refresh_rate: preferences.dashboard_refresh_rate,
            real_time_updates: preferences.real_time_updates,
            show_call_success_rates: preferences.show_call_success_rates,
            show_appointment_trends: preferences.show_appointment_trends,
            show_contact_growth: preferences.show_contact_growth,
        }
    }
}

/// What to change; a field left out stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PreferencesPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "dark")]
    theme: Patch<Theme>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "compact")]
    density: Patch<Density>,
    /// Null for that of the type of business.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "#10B981")]
    primary_color: Patch<PrimaryColor>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "auto_collapse")]
    sidebar_behavior: Patch<Sidebar>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "list")]
    default_contact_view: Patch<ContactView>,
    #[serde(default)]
    #[schema(value_type = Option<u16>, example = 50)]
    items_per_page: Patch<u16>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    scroll_lists: Patch<bool>,
    /// Null for the usual columns.
    #[serde(default)]
    #[schema(value_type = Option<Columns>)]
    contact_columns: Patch<Columns>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "large")]
    font_size: Patch<FontSize>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "24_hour")]
    time_format: Patch<TimeFormat>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    high_contrast_mode: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    reduced_motion: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    letter_shortcuts: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "contacts")]
    default_dashboard_view: Patch<DashboardView>,
    #[serde(default)]
    #[schema(value_type = Option<u16>, example = 60)]
    dashboard_refresh_rate: Patch<u16>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    real_time_updates: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    show_call_success_rates: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    show_appointment_trends: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    show_contact_growth: Patch<bool>,
}

/// Preferences with a request being applied to them.
struct Applying<'a> {
    patch: &'a PreferencesPatch,
    to: Preferences,
}

impl Validate for Applying<'_> {
    type Domain = Preferences;

    fn validate(self, fields: &mut Fields) -> Option<Preferences> {
        let (patch, mut to) = (self.patch, self.to);
        patch.theme.copy(fields, "/theme", &mut to.theme);
        patch.density.copy(fields, "/density", &mut to.density);
        patch.primary_color.put_optional(
            fields,
            "/primary_color",
            &mut to.primary_color,
            |color| Ok::<_, (&str, &str)>(*color),
        );
        patch
            .sidebar_behavior
            .copy(fields, "/sidebar_behavior", &mut to.sidebar_behavior);
        patch.default_contact_view.copy(
            fields,
            "/default_contact_view",
            &mut to.default_contact_view,
        );
        patch
            .items_per_page
            .put(fields, "/items_per_page", &mut to.items_per_page, |items| {
                ItemsPerPage::try_from(*items)
            });
        let switches = [
            (&patch.scroll_lists, "/scroll_lists", &mut to.scroll_lists),
            (
                &patch.high_contrast_mode,
                "/high_contrast_mode",
                &mut to.high_contrast_mode,
            ),
            (
                &patch.reduced_motion,
                "/reduced_motion",
                &mut to.reduced_motion,
            ),
            (
                &patch.letter_shortcuts,
                "/letter_shortcuts",
                &mut to.letter_shortcuts,
            ),
            (
                &patch.real_time_updates,
                "/real_time_updates",
                &mut to.real_time_updates,
            ),
            (
                &patch.show_call_success_rates,
                "/show_call_success_rates",
                &mut to.show_call_success_rates,
            ),
            (
                &patch.show_appointment_trends,
                "/show_appointment_trends",
                &mut to.show_appointment_trends,
            ),
            (
                &patch.show_contact_growth,
                "/show_contact_growth",
                &mut to.show_contact_growth,
            ),
        ];
        for (given, pointer, target) in switches {
            given.copy(fields, pointer, target);
        }
        patch.contact_columns.put_optional(
            fields,
            "/contact_columns/shown",
            &mut to.contact_columns,
            |columns| ContactColumns::new(columns.shown.clone(), columns.widths.clone()),
        );
        patch
            .font_size
            .copy(fields, "/font_size", &mut to.font_size);
        patch
            .time_format
            .copy(fields, "/time_format", &mut to.time_format);
        patch.default_dashboard_view.copy(
            fields,
            "/default_dashboard_view",
            &mut to.default_dashboard_view,
        );
        patch.dashboard_refresh_rate.put(
            fields,
            "/dashboard_refresh_rate",
            &mut to.dashboard_refresh_rate,
            |seconds| RefreshRate::try_from(*seconds),
        );
        Some(to)
    }
}

/// What one prefers.
#[utoipa::path(get, path = "/api/users/preferences", tag = "profile",
    responses((status = 200, body = PreferencesView, headers(("ETag" = String, description = "Version of the account")))))]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<(ETag, Json<PreferencesView>), Problem> {
    let (tenant, settings) = app.tenant_with_settings(&principal).await?;
    let row = own(&tenant, &principal).await?;
    let kind = settings.settings.business.business_type;
    let view = PreferencesView::new(&row.preferences, kind);
    Ok((ETag::version(row.edits), Json(view)))
}

/// Changes what one prefers.
#[utoipa::path(patch, path = "/api/users/preferences", tag = "profile", request_body = PreferencesPatch,
    params(("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = PreferencesView), (status = 412, description = "The account was changed meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    condition: IfMatch,
    Json(patch): Json<PreferencesPatch>,
) -> Result<(ETag, Json<PreferencesView>), Problem> {
    let (tenant, settings) = app.tenant_with_settings(&principal).await?;
    let asked = Own {
        app: &app,
        tenant: &tenant,
        principal: &principal,
        request,
        condition,
        action: "user.preferences_changed",
    };
    let row = asked
        .change(settings.settings.business.timezone, |row| {
            let before = row.preferences.clone();
            row.preferences = Applying {
                patch: &patch,
                to: before.clone(),
            }
            .validated()?;
            let changed = before != row.preferences;
            let details = || serde_json::json!({ "before": before, "after": row.preferences });
            Ok(changed.then(details))
        })
        .await?;
    let kind = settings.settings.business.business_type;
    let view = PreferencesView::new(&row.preferences, kind);
    Ok((ETag::version(row.edits), Json(view)))
}
