import type { components } from "./schema";
import { missed, reached } from "./connection";
import { Refusal, refusalOf } from "./problem";

export type SignedInUser = components["schemas"]["SignedInUser"];
type SignedIn = components["schemas"]["SignedIn"];

/** `expired`: somebody was signed in on this page and their work is still on it. */
export type SessionState = { status: "starting" } | { status: "out" } | { status: "in"; user: SignedInUser } | { status: "expired"; user: SignedInUser };

/** Renewed this many seconds before its end, so that no request starts with a token that dies on the way. */
const RENEW_BEFORE = 30;

let state: SessionState = { status: "starting" };
let token: { value: string; until: number } | null = null;
let renewal: Promise<boolean> | null = null;
const listeners = new Set<() => void>();

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

export const session = {
  get: () => state,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** The one place for what must not outlive a session: done whenever nobody is signed in any more, for whatever reason. While it has only expired, the page is still somebody's. */
export function forgetAtEnd(forget: () => void): void {
  session.subscribe(() => {
    if (state.status === "out") forget();
  });
}

function take(answer: SignedIn): void {
  token = { value: answer.access_token, until: Date.now() + answer.expires_in * 1000 };
  become({ status: "in", user: answer.user });
}

/** The access token lives in this module's memory alone; the refresh token in a cookie that no script reads. */
export async function signIn(credentials: { email: string; password: string; totp?: string }): Promise<void> {
  const response = await send("/api/auth/sign-in?cookie=true", credentials);
  if (!response.ok) throw await refusalOf(response);
  take((await response.json()) as SignedIn);
}

/** A request of nobody: with the secret of a link, or to get one. */
export async function openly(path: string, body: unknown): Promise<void> {
  const response = await send(path, body);
  if (!response.ok) throw await refusalOf(response);
}

/** Takes up the session of an earlier page, if there is one. */
export async function resume(): Promise<void> {
  if (!(await renew())) become({ status: "out" });
}

export async function signOut(): Promise<void> {
  const value = token?.value;
  token = null;
  if (value !== undefined) {
    await fetch("/api/auth/sign-out", { method: "POST", headers: { authorization: `Bearer ${value}` } }).catch(() => null);
  }
  become({ status: "out" });
}

/** Ends the session but keeps the page, so that nothing half-filled is lost. */
export async function expire(): Promise<void> {
  const value = token?.value;
  token = null;
  if (state.status === "in") become({ status: "expired", user: state.user });
  if (value !== undefined) {
    await fetch("/api/auth/sign-out", { method: "POST", headers: { authorization: `Bearer ${value}` } }).catch(() => null);
  }
}

function lost(): void {
  token = null;
  if (state.status === "in") become({ status: "expired", user: state.user });
}

/** One renewal at a time, over all tabs too: a refresh token that is used twice ends the session. */
function renew(): Promise<boolean> {
  renewal ??= inTurn(async () => {
    const response = await send("/api/auth/refresh", undefined);
    if (response.ok) {
      take((await response.json()) as SignedIn);
      return true;
    }
    if (response.status === 401 || response.status === 403) return false;
    throw await refusalOf(response);
  }).finally(() => {
    renewal = null;
  });
  return renewal;
}

async function inTurn(work: () => Promise<boolean>): Promise<boolean> {
  return "locks" in navigator ? await navigator.locks.request("vio.refresh", work) : await work();
}

async function send(path: string, body: unknown): Promise<Response> {
  try {
    const response = await fetch(path, {
      method: "POST",
      credentials: "same-origin",
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    reached();
    return response;
  } catch {
    missed();
    throw Refusal.offline();
  }
}

/** Sends a request as the user; renews the token when it is about to end or was refused, once. */
export async function authorizedFetch(request: Request): Promise<Response> {
  if (token !== null && token.until - Date.now() < RENEW_BEFORE * 1000 && !(await renew())) lost();
  const again = request.clone();
  const response = await bearing(request);
  if (response.status !== 401 || token === null) return response;
  if (!(await renew())) {
    lost();
    return response;
  }
  return bearing(again);
}

async function bearing(request: Request): Promise<Response> {
  if (token !== null) request.headers.set("authorization", `Bearer ${token.value}`);
  try {
    const response = await fetch(request);
    reached();
    return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    missed();
    throw Refusal.offline();
  }
}
