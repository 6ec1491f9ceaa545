import { phoneText } from "@/lib/phone";
import { DateField } from "@/ui/DateTime";
import { Row, SelectField, Switch, TextField } from "@/ui/Field";
import { PhoneField } from "./PhoneField";
import { limits, numberOf, type FormField, type FormShape } from "./shape";

interface Props {
  form: FormShape;
  values: Record<string, unknown>;
  onChange: (values: Record<string, unknown>) => void;
  errors: Record<string, string>;
}

/** The industry's own fields: drawn from data, so a new industry needs no code. */
export function CustomFields({ form, values, onChange, errors }: Props) {
  const put = (name: string, value: unknown) => {
    const { [name]: _before, ...rest } = values;
    onChange(value === "" || value === undefined ? rest : { ...values, [name]: value });
  };
  const short = form.fields.filter((each) => each.type !== "textarea" && each.type !== "boolean");
  const long = form.fields.filter((each) => each.type === "textarea" || each.type === "boolean");
  const one = (field: FormField) => <One key={field.name} field={field} value={values[field.name]} onChange={(value) => put(field.name, value)} error={errors[`custom_fields.${field.name}`]} />;
  return (
    <>
      <Row wide>{short.map(one)}</Row>
      {long.map(one)}
    </>
  );
}

function One({ field, value, onChange, error }: { field: FormField; value: unknown; onChange: (value: unknown) => void; error: string | undefined }) {
  const text = typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
  const shared = { label: field.label, optional: !field.required, isRequired: field.required, error };
  switch (field.type) {
    case "date":
      return <DateField {...shared} value={/^\d{4}-\d\d-\d\d$/.test(text) ? text : ""} onChange={onChange} />;
    case "select":
      return <SelectField {...shared} value={text || "none"} options={[{ id: "none", name: "Not said" }, ...(field.options ?? []).map((each) => ({ id: each.value, name: each.label }))]} onChange={(next) => onChange(next === "none" ? "" : next)} />;
    case "boolean":
      return (
        <Switch isSelected={value === true} onChange={onChange} error={error}>
          {field.label}
        </Switch>
      );
    case "phone": {
      // As it is shown everywhere else: leaving the field would else count as a change.
      const shown = text.startsWith("+") ? phoneText(text) : text;
      return <PhoneField {...shared} value={shown} onChange={(next) => next !== shown && onChange(next)} />;
    }
    case "number":
      return <TextField {...shared} inputMode="decimal" value={text} onChange={(next) => onChange(numberOf(next))} onBlur={() => text.trim() !== "" && Number.isFinite(Number(text)) && onChange(Number(text))} help={limits(field)} />;
    default:
      return <TextField {...shared} value={text} onChange={onChange} {...(field.max_length !== undefined && { maxLength: field.max_length })} {...(field.type === "textarea" && { rows: 3 })} {...(field.type === "email" && { type: "email" as const })} />;
  }
}
