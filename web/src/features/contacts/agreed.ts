/** How somebody can have agreed to be called (S3, "Privacy & Compliance Settings"), in the order of forms. */
export const WAYS_TO_AGREE = [
  { id: "verbal", name: "Said so" },
  { id: "written", name: "On paper" },
  { id: "electronic", name: "Online or by email" },
  { id: "implied", name: "By booking" },
];

/** How they agreed, in words; undefined where it was not said. */
export const agreed = (method: string | null | undefined): string | undefined => WAYS_TO_AGREE.find(({ id }) => id === method)?.name;
