import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { CustomFields } from "./CustomFields";
import { formOf, industries, limits, numberOf, switched, toldOf, type FormField, type FormShape } from "./shape";

const field = (name: string, label: string, type: string, more: Partial<FormField> = {}): FormField => ({ name, label, type, required: false, sensitive: false, ...more });

/** An industry that the console has never heard of. */
const KENNEL: FormShape = {
  form: "kennel",
  label: "Kennel",
  fields: [
    field("dog", "Dog’s name", "text", { required: true, max_length: 40 }),
    field("born", "Born on", "date"),
    field("weight", "Weight in kg", "number", { min: 1, max: 100 }),
    field("coat", "Coat", "select", { options: [{ value: "short-hair", label: "Short" }, { value: "long-hair", label: "Long" }] }),
    field("vet", "Vet’s phone", "phone", { sensitive: true }),
    field("bites", "Bites", "boolean"),
    field("food", "Food", "textarea"),
    field("bill", "Bill to", "email"),
  ],
};

const drawn = (values: Record<string, unknown>, errors: Record<string, string> = {}) =>
  renderToStaticMarkup(
    <QueryClientProvider client={new QueryClient()}>
      <CustomFields form={KENNEL} values={values} onChange={() => undefined} errors={errors} />
    </QueryClientProvider>,
  );

describe("an industry's form", () => {
  it("is drawn from data alone, each field by its kind", () => {
    const page = drawn({ dog: "Rex", weight: 12 });
    for (const { label } of KENNEL.fields) expect(page).toContain(label);
    expect(page).toContain('value="Rex"');
    expect(page).toContain('maxLength="40"');
    expect(page).toContain("1 to 100");
    expect(page).toContain('type="email"');
    expect(page).toContain('type="tel"');
    expect(page).toContain('role="switch"');
    expect(page).toContain("<textarea");
    expect(page).toContain("Short");
    // What must be filled in is not called optional.
    expect(page.match(/ optional</g)).toHaveLength(KENNEL.fields.filter((each) => !each.required && each.type !== "boolean").length);
  });

  it("has what is wrong with a field at the field", () => {
    expect(drawn({}, {})).not.toContain("must be");
    expect(drawn({}, { "custom_fields.bites": "Bites must be yes or no." })).toMatch(/aria-describedby="[^"]+error"/);
  });

  it("is that of somebody's industry, or of the business", () => {
    const forms = { default_form: "general", forms: [{ ...KENNEL, form: "general" }, KENNEL] };
    expect(formOf(forms, "kennel")).toBe(KENNEL);
    expect(formOf(forms, "unheard-of")?.form).toBe("general");
    expect(formOf(forms, null)?.form).toBe("general");
    expect(formOf({ default_form: null, forms: [] }, null)).toBeUndefined();
  });

  const CATTERY: FormShape = { form: "cattery", label: "Cattery", fields: [field("cat", "Cat’s name", "text"), field("food", "Food", "textarea")] };
  const BOTH = { default_form: "cattery", forms: [KENNEL, CATTERY] };

  it("is chosen among all, the business’s being named, and an industry without a form stays to be chosen", () => {
    expect(industries(BOTH, "")).toEqual([
      { id: "kennel", name: "Kennel" },
      { id: "cattery", name: "Cattery, as your business" },
    ]);
    expect(industries(BOTH, "horse_riding")[0]).toEqual({ id: "horse_riding", name: "Horse riding" });
    expect(industries(BOTH, "kennel")).toHaveLength(2);
  });

  it("changes without losing what was saved, what both ask and what is no form's; what was only typed comes back with its form", () => {
    const typed = { custom: { dog: "Rex", food: "Dry", shoe_size: 4 }, aside: {} };
    const cat = switched(BOTH, "cattery", typed, {});
    expect(cat).toEqual({ custom: { food: "Dry", shoe_size: 4 }, aside: { dog: "Rex" } });
    expect(switched(BOTH, "kennel", cat, {})).toEqual({ custom: { dog: "Rex", food: "Dry", shoe_size: 4 }, aside: {} });
    expect(switched(BOTH, "cattery", typed, { dog: "Rex" }).custom).toEqual(typed.custom);
    expect(switched(BOTH, undefined, typed, {})).toEqual({ custom: { shoe_size: 4 }, aside: { dog: "Rex", food: "Dry" } });
  });

  it("is told in its own order and words, and then what programs keep", () => {
    const told = toldOf(KENNEL, { shelf_number: 7, vaccinated: true, nested: { deep: 1 }, coat: "long-hair", born: "2020-02-29", vet: "+441514960555", bites: false, dog: " ", food: "Morning:\nhalf a tin" });
    expect(told.map(({ name, text }) => [name, text])).toEqual([
      ["Born on", "29 Feb 2020"],
      ["Coat", "Long"],
      ["Vet’s phone", "0151 496 0555"],
      ["Bites", "No"],
      ["Food", "Morning:\nhalf a tin"],
      ["Shelf number", "7"],
      ["Vaccinated", "Yes"],
    ]);
    expect(told.filter((each) => each.sensitive).map((each) => each.name)).toEqual(["Vet’s phone", "Shelf number", "Vaccinated"]);
    expect(told.find((each) => each.name === "Food")?.long).toBe(true);
  });

  it("loses nothing of a number that is being typed", () => {
    expect(["12", "-3", "1.5"].map(numberOf)).toEqual([12, -3, 1.5]);
    expect(["1.", "-", "1.0", "abc", "", "007"].map(numberOf)).toEqual(["1.", "-", "1.0", "abc", "", "007"]);
    expect([limits(field("a", "A", "number", { min: 1 })), limits(field("a", "A", "number", { max: 9 })), limits(field("a", "A", "number"))]).toEqual(["1 or more", "9 or less", undefined]);
  });
});
