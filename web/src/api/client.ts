import createClient from "openapi-fetch";
import { refusalOf } from "./problem";
import type { components, paths } from "./schema";
import { authorizedFetch } from "./session";
import { measure } from "./clock";

export type Schemas = components["schemas"];

/** Reads that are POSTs because what people search for stays out of addresses; they change nothing and need no key. */
const READS = /\/(search|check-phi|validate-phone|export)$/;

export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "http://localhost" : location.origin,
  fetch: async (request) => {
    if (request.method === "POST" && !READS.test(new URL(request.url).pathname) && !request.headers.has("idempotency-key")) {
      request.headers.set("idempotency-key", crypto.randomUUID());
    }
    const response = await authorizedFetch(request);
    measure(response.headers.get("date"));
    if (!response.ok) throw await refusalOf(response);
    return response;
  },
});

interface Answer<T> {
  data?: T | undefined;
  response: Response;
}

/** The body of an answer. Refusals were thrown before. */
export async function body<T>(answer: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const { data } = await answer;
  return data as NonNullable<T>;
}

/** The body and the version that an edit names in `If-Match`. */
export async function versioned<T>(answer: Promise<Answer<T>>): Promise<{ value: NonNullable<T>; etag: string }> {
  const { data, response } = await answer;
  return { value: data as NonNullable<T>, etag: response.headers.get("etag") ?? "" };
}
