import { api, body, type Schemas } from "@/api/client";

const AT_ONCE = 100;

/** Everybody a search finds with their names, page by page, as far as `most`. */
export async function everybody(query: Schemas["ContactSearch"], most: number): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let cursor: string | null = null;
  do {
    const page: Schemas["ContactList"] = await body(api.POST("/api/contacts/search", { body: { ...query, page_size: AT_ONCE, ...(cursor && { cursor }) } }));
    for (const each of page.contacts) found.set(each.id, each.name);
    cursor = page.pagination.next_cursor;
  } while (cursor && found.size < most);
  return found;
}
