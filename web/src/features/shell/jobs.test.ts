import { expect, it } from "vitest";
import { jobWords, leftOut, whyWords } from "./jobs";

it("says how a job ended and with how many problems", () => {
  expect(jobWords({ status: "completed", summary: { changed: 1200, unchanged: 0, refused: 3 } })).toBe("Finished with 3 problems, 1,200 changed");
  expect(jobWords({ status: "completed", summary: { changed: 2, unchanged: 1, refused: 0 } })).toBe("Finished, 2 changed");
  expect(jobWords({ status: "completed", summary: { added: 5, already_listed: 0, repeated: 0, rejected: 1 } })).toBe("Finished with 1 problem, 5 added");
  expect(jobWords({ status: "cancelled", summary: { changed: 2, unchanged: 0, refused: 1 } })).toBe("Stopped, 2 changed");
  expect(leftOut({ summary: { added: 5, already_listed: 0, repeated: 0, rejected: 4 } })).toBe(4);
});

it("has words for each reason, and takes the API's for one it does not know", () => {
  expect(whyWords({ code: "changed_since", detail: "x" })).toBe("Changed since, and left as it is now");
  expect(whyWords({ code: "new_reason", detail: "Something else." })).toBe("Something else.");
});
