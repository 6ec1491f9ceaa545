import { serve } from "../scripts/serve";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    base: string;
    api: string;
  }
}

/**
 * The real local host is at `VIO_API` (`vio-local --ephemeral --seed demo`). With `VIO_BASE` the console is taken from there,
 * otherwise `dist` is served here, in front of that API.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  const api = process.env.VIO_API ?? process.env.VIO_BASE;
  if (!api) throw new Error("set VIO_API to a running local host with its demo clinic");
  const own = process.env.VIO_BASE ? null : await serve(api);
  project.provide("api", api);
  project.provide("base", process.env.VIO_BASE ?? own?.url ?? "");
  return () => own?.close();
}
