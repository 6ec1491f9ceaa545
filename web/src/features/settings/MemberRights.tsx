import { useState } from "react";
import type { Schemas } from "@/api/client";
import { useForms } from "@/features/contacts/queries";
import { useNouns } from "@/features/session/business";
import { Button } from "@/ui/Button";
import { Checkbox, SelectField } from "@/ui/Field";
import { kinds } from "./members";
import css from "./settings.module.css";

/** What a member of the team does and may do, as the form has it. */
export interface Rights {
  kind: string;
  add: string[];
  remove: string[];
  industries: string[];
}

export const rightsOf = (kind: string, changes?: Schemas["Changes"], industries: string[] = []): Rights => ({ kind, add: changes?.add ?? [], remove: changes?.remove ?? [], industries });

/** What of it the API takes. Industries are a manager's alone. */
export const rightsBody = (rights: Rights) => ({ permissions: { add: rights.add, remove: rights.remove }, industries: rights.kind === "manager" ? rights.industries : [] });

/** S3's permissions that can be given or taken one by one; where two names mean one, the first. */
const SINGLE = (many: string): [string, string][] => [
  ["create_contacts", `Add ${many}`],
  ["view_all_contacts", `See all ${many}`],
  ["edit_all_contacts", `Change all ${many}`],
  ["delete_contacts", `Delete ${many}`],
  ["export_contacts", `Download lists of ${many}`],
  ["trigger_manual_calls", "Have somebody called now"],
  ["view_call_results", "See what calls came to"],
  ["modify_call_schedules", "Call groups, pause calling"],
  ["view_basic_analytics", "See figures"],
  ["configure_call_settings", "Call settings"],
  ["configure_integrations", "Integrations"],
  ["manage_business_settings", "Business, locations, types and tags"],
  ["manage_compliance_settings", "Privacy, and the audit trail"],
  ["manage_team_members", "The team"],
];

/** Role, single permissions and, for managers, industries. */
export function MemberRights({ rights, onChange, isDisabled = false, errors }: { rights: Rights; onChange: (rights: Rights) => void; isDisabled?: boolean; errors: Record<string, string> }) {
  const nouns = useNouns();
  const changed = rights.add.length + rights.remove.length;
  const [open, setOpen] = useState(changed > 0);
  const forms = useForms(rights.kind === "manager");
  const set = (name: string, state: string) =>
    onChange({
      ...rights,
      add: [...rights.add.filter((each) => each !== name), ...(state === "add" ? [name] : [])],
      remove: [...rights.remove.filter((each) => each !== name), ...(state === "remove" ? [name] : [])],
    });
  const wrong = Object.entries(errors).find(([field]) => field.startsWith("permissions"))?.[1];
  const wrongIndustry = Object.entries(errors).find(([field]) => field.startsWith("industries"))?.[1];
  return (
    <>
      <SelectField
        label="What they do"
        value={rights.kind}
        options={kinds}
        onChange={(kind) => onChange({ ...rights, kind })}
        isDisabled={isDisabled}
        error={errors.preset ?? errors.role}
        help={isDisabled ? "Your own role is for another administrator to change." : undefined}
      />
      {rights.kind === "manager" && forms && (
        <fieldset className={css.single}>
          <legend>{`Which ${nouns.many} they look after`}</legend>
          <p className="muted">Those of these industries, and their own.</p>
          {forms.map(({ form, label }) => (
            <Checkbox
              key={form}
              isDisabled={isDisabled}
              isSelected={rights.industries.includes(form)}
              onChange={(on) => onChange({ ...rights, industries: on ? [...rights.industries, form] : rights.industries.filter((each) => each !== form) })}
            >
              {label}
            </Checkbox>
          ))}
          {wrongIndustry && <p role="alert">{wrongIndustry}</p>}
        </fieldset>
      )}
      {!isDisabled && !open && (
        <div>
          <Button small onPress={() => setOpen(true)}>
            Give or take single permissions
          </Button>
        </div>
      )}
      {open && (
        <fieldset className={css.single}>
          <legend>Single permissions</legend>
          {SINGLE(nouns.many).map(([name, words]) => (
            <div key={name} className={css.one}>
              <span aria-hidden>{words}</span>
              <SelectField
                bare
                small
                label={words}
                isDisabled={isDisabled}
                value={rights.remove.includes(name) ? "remove" : rights.add.includes(name) ? "add" : "role"}
                options={[
                  { id: "role", name: "As the role" },
                  { id: "add", name: "Given" },
                  { id: "remove", name: "Taken" },
                ]}
                onChange={(state) => set(name, state)}
              />
            </div>
          ))}
          {wrong && <p role="alert">{wrong}</p>}
        </fieldset>
      )}
    </>
  );
}
