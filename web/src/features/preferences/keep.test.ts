import { describe, expect, it } from "vitest";
import { lookOf, patchOf } from "./keep";
import type { Look } from "./look";

const view = {
  theme: "light",
  density: "comfortable",
  primary_color: "#10B981",
  primary_color_chosen: false,
  sidebar_behavior: "auto_collapse",
  default_contact_view: "grid",
  items_per_page: 25,
  scroll_lists: true,
  contact_columns: null,
  font_size: "medium",
  time_format: "12_hour",
  high_contrast_mode: false,
  reduced_motion: false,
  letter_shortcuts: true,
  default_dashboard_view: "overview",
  dashboard_refresh_rate: 300,
  real_time_updates: true,
  show_call_success_rates: true,
  show_appointment_trends: true,
  show_contact_growth: true,
};

describe("preferences", () => {
  it("come back as they were kept", () => {
    const looks: Partial<Look>[] = [
      { theme: "system", brand: "grey", text: "20", density: "compact" },
      { contrast: "high", motion: "reduced", letters: "off", pages: "50", start: "calls", clock: "24" },
      { menu: "icons", contacts: "table", fresh: "0" },
      { menu: "words", contacts: "list", fresh: "60", rates: "hidden", trends: "shown" },
      { rates: "shown", trends: "hidden", growth: "hidden" },
      { menu: "auto", contacts: "cards", fresh: "live" },
      { contrast: "system", motion: "system", letters: "on", pages: "scroll", start: "overview" },
    ];
    for (const look of looks) {
      const kept = { ...view, ...patchOf(look) } as Parameters<typeof lookOf>[0];
      expect(lookOf(kept)).toMatchObject(look);
    }
  });

  it("do not name what this console does not know", () => {
    const strange = lookOf({ ...view, theme: "sepia", primary_color: "#000000", default_dashboard_view: "analytics" });
    expect(strange.theme).toBeUndefined();
    expect(strange.brand).toBeUndefined();
    expect(strange.start).toBe("overview");
  });
});
