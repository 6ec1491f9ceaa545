import { useQueryClient } from "@tanstack/react-query";
import { api, versioned, type Schemas } from "@/api/client";
import { Row, SelectField, TextField } from "@/ui/Field";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { SaveState } from "./SaveState";
import css from "./settings.module.css";
import { useAutoSave } from "./useAutoSave";

type View = Schemas["ProfileView"];
type Patch = Schemas["ProfilePatch"];

export function Profile() {
  const client = useQueryClient();
  const state = useAutoSave<View, Patch>({
    key: ["settings", "profile"],
    read: () => versioned(api.GET("/api/users/profile")),
    write: async (patch, etag) => {
      const answer = await versioned(api.PATCH("/api/users/profile", { params: { header: { "If-Match": etag } }, body: patch }));
      // When one is signed out, and whether there is a number for alerts, is read elsewhere too.
      void client.invalidateQueries({ queryKey: ["profile"] });
      void client.invalidateQueries({ queryKey: ["settings", "notifications"] });
      return answer;
    },
  });
  const { value, set, mark, errors, query } = state;
  if (query.isLoadingError) return <ErrorNote error={query.error} what="Could not load your profile." retry={() => void query.refetch()} />;
  if (!value) return <Skeleton rows={3} />;
  return (
    <>
      <div className={css.head}>
        <h2>Profile</h2>
        <SaveState state={state} />
      </div>
      <Panel>
        <div className={css.fields}>
          <Row>
            <TextField label="Name" value={value.full_name} onChange={(full_name) => set({ full_name })} mark={mark("full_name")} error={errors.full_name} />
            <TextField label="What you do" optional value={value.job_title ?? ""} onChange={(text) => set({ job_title: text || null })} mark={mark("job_title")} error={errors.job_title} />
          </Row>
          <Row>
            <TextField label="Email" value={value.email_address} isReadOnly help="What you sign in with. It cannot be changed here." />
            <TextField label="Phone" optional type="tel" value={value.phone_number ?? ""} onChange={(text) => set({ phone_number: text || null })} mark={mark("phone_number")} error={errors.phone_number} />
          </Row>
          <SelectField label="Sign out after" value={String(value.session_timeout)} options={["2", "4", "8", "12", "24"].map((each) => ({ id: each, name: `${each} hours without use` }))} onChange={(each) => set({ session_timeout: Number(each) })} mark={mark("session_timeout")} />
        </div>
      </Panel>
    </>
  );
}
