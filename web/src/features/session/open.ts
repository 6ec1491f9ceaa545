/** Pages that whoever has their link opens without being signed in. */
export const OPEN = ["/forgot", "/reset", "/invite"] as const;

export const isOpen = (path: string): boolean => OPEN.some((each) => path === each || path === `${each}/`);

/** The secret of a link. It stands after the `#`, which no server is sent, and leaves the address and the history once read. */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) history.replaceState(history.state, "", location.pathname);
  return token;
}
