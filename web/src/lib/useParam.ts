import { useParams } from "@tanstack/react-router";

/** A part of the address by its name, for pages that have several addresses. */
export function useParam(name: string): string | undefined {
  const params: Record<string, unknown> = useParams({ strict: false });
  const value = params[name];
  return typeof value === "string" ? value : undefined;
}
