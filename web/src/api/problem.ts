import { now } from "./clock";
import type { components } from "./schema";

export type Problem = components["schemas"]["Problem"];
export type FieldProblem = components["schemas"]["FieldProblem"];
export type GuardSaw = components["schemas"]["GuardSaw"];

const BASE = "https://vioconcierge.dev/problems/";

/** A refusal of the API, or of the way to it: thrown by every call, shown by RefusalPanel, ErrorNote and the forms. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** The last part of the problem's type, such as `called-recently`; `offline` where nothing answered. */
  readonly slug: string;
  readonly status: number;
  readonly problem: Problem & Record<string, unknown>;
  /** When it was refused: what the refusal says of today stays true of that day. */
  readonly at = now();

  constructor(problem: Problem & Record<string, unknown>) {
    super(problem.title);
    this.slug = problem.type.startsWith(BASE) ? problem.type.slice(BASE.length) : problem.type;
    this.status = problem.status;
    this.problem = problem;
  }

  static offline(): Refusal {
    return new Refusal({ type: "offline", title: "No connection", status: 0, detail: "What you typed is still here. Try again when the connection is back." });
  }

  get detail(): string {
    return this.problem.detail;
  }

  get fields(): FieldProblem[] {
    return this.problem.errors ?? [];
  }

  get nextAllowedAt(): string | undefined {
    return this.problem.next_allowed_at ?? undefined;
  }

  get retryAfter(): number | undefined {
    return this.problem.retry_after ?? undefined;
  }

  /** What one tells support: the request's id. */
  get reference(): string | undefined {
    return this.problem.instance?.replace("urn:uuid:", "");
  }

  /** A member that belongs to this type of problem, where it is a text. */
  text(member: string): string | undefined {
    const value = this.problem[member];
    return typeof value === "string" ? value : undefined;
  }

  texts(member: string): string[] {
    const value = this.problem[member];
    return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
  }

  /** What each guard saw, where the refusal is of a call. */
  get decision(): GuardSaw[] {
    const value = this.problem.decision;
    return Array.isArray(value) ? (value as GuardSaw[]) : [];
  }
}

/** Field problems by the name of the field: `/preferences/timezone` is `preferences.timezone`. */
export function byField(refusal: Refusal | null | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { pointer, detail } of refusal?.fields ?? []) {
    const name = pointer.replace(/^\//, "").replaceAll("/", ".");
    found[name] ??= detail;
  }
  return found;
}

export async function refusalOf(response: Response): Promise<Refusal> {
  const problem: unknown = await response.json().catch(() => null);
  if (typeof problem === "object" && problem !== null && "type" in problem && "title" in problem) {
    return new Refusal(problem as Problem & Record<string, unknown>);
  }
  return new Refusal({ type: "unavailable", title: "Temporarily unavailable", status: response.status, detail: "The service is busy or being restarted. Try again in a moment." });
}
