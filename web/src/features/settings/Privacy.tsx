import { api, versioned, type Schemas } from "@/api/client";
import { WAYS_TO_AGREE } from "@/features/contacts/agreed";
import { Row, SelectField, Switch } from "@/ui/Field";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { SaveState } from "./SaveState";
import css from "./settings.module.css";
import { useAutoSave } from "./useAutoSave";

type View = Schemas["PrivacyView"];
type Patch = Schemas["PrivacyPatch"];

const months = (list: number[]) => list.map((each) => ({ id: String(each), name: each % 12 === 0 && each > 12 ? `${String(each / 12)} years` : `${String(each)} months` }));

/** What may be said, who may be called, and how long things are kept. */
export function Privacy() {
  const state = useAutoSave<View, Patch>({
    key: ["settings", "privacy"],
    read: () => versioned(api.GET("/api/settings/privacy")),
    write: (patch, etag) => versioned(api.PATCH("/api/settings/privacy", { params: { header: { "If-Match": etag } }, body: patch })),
  });
  const { value, set, mark, query } = state;
  if (query.isLoadingError) return <ErrorNote error={query.error} what="Could not load the privacy settings." retry={() => void query.refetch()} />;
  if (!value) return <Skeleton rows={5} />;
  return (
    <>
      <div className={css.head}>
        <h2>Privacy</h2>
        <SaveState state={state} />
      </div>
      <Panel title="Health data">
        <div className={css.fields}>
          <Switch isSelected={value.hipaa_mode} onChange={(hipaa_mode) => set({ hipaa_mode })} mark={mark("hipaa_mode")} help="Health data is handled strictly: consent, checklist, and few words on the call.">
            HIPAA mode
          </Switch>
          {value.hipaa_mode && (
            <SelectField
              label="What Vio may say"
              value={value.hipaa_level}
              options={[
                { id: "strict", name: "Strict: name, business, date and time" },
                { id: "standard", name: "Standard: also a general type and the location" },
                { id: "basic", name: "Basic: also the type and the spoken words" },
              ]}
              onChange={(hipaa_level) => set({ hipaa_level })}
              mark={mark("hipaa_level")}
            />
          )}
          <Switch isSelected={value.phi_detection} onChange={(phi_detection) => set({ phi_detection })} mark={mark("phi_detection")}>
            Look for health details in what is typed
          </Switch>
          {value.phi_detection && (
            <SelectField
              label="How closely"
              value={value.phi_level}
              options={[
                { id: "strict", name: "Strict" },
                { id: "moderate", name: "Moderate" },
                { id: "minimal", name: "Minimal" },
              ]}
              onChange={(phi_level) => set({ phi_level })}
              mark={mark("phi_level")}
            />
          )}
        </div>
      </Panel>
      <Panel title="Consent">
        <div className={css.fields}>
          <Switch isSelected={value.require_voice_consent} onChange={(require_voice_consent) => set({ require_voice_consent })} mark={mark("require_voice_consent")} help="Nobody is called without a recorded consent.">
            Call only people who agreed
          </Switch>
          <SelectField
            label="How consent is usually given"
            value={value.consent_documentation}
            options={WAYS_TO_AGREE}
            onChange={(consent_documentation) => set({ consent_documentation })}
            mark={mark("consent_documentation")}
          />
        </div>
      </Panel>
      <Panel title="How long things are kept">
        <div className={css.fields}>
          <Row>
            <SelectField
              label="People"
              value={value.contact_retention_months == null ? "never" : String(value.contact_retention_months)}
              options={[...months([12, 24, 36, 60, 84]), { id: "never", name: "Until deleted by hand" }]}
              onChange={(each) => set({ contact_retention_months: each === "never" ? null : Number(each) })}
              mark={mark("contact_retention_months")}
            />
            <SelectField label="Call logs" value={String(value.call_log_retention_months)} options={months([6, 12, 24, 36])} onChange={(each) => set({ call_log_retention_months: Number(each) })} mark={mark("call_log_retention_months")} />
          </Row>
        </div>
      </Panel>
    </>
  );
}
