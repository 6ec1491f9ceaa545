import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** In Chromium against a local host: one file after another, because they share its clock. */
const inChromium = { globalSetup: "e2e/setup.ts", fileParallelism: false, testTimeout: 90_000, hookTimeout: 90_000, expect: { poll: { timeout: 10_000 } } };

const api = process.env.VIO_API ?? "http://127.0.0.1:8787";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  css: { modules: { localsConvention: "camelCaseOnly" } },
  server: { proxy: { "/api": api, "/dev": api, "/live": { target: api, ws: true } } },
  // Nothing is inlined: the content security policy allows files of our own only.
  build: { target: "es2023", assetsInlineLimit: 0, manifest: true, modulePreload: { polyfill: false } },
  test: {
    projects: [
      { extends: true, test: { name: "unit", include: ["src/**/*.test.{ts,tsx}", "scripts/**/*.test.ts"] } },
      { extends: true, test: { name: "e2e", include: ["e2e/**/*.e2e.ts"], exclude: ["e2e/many.e2e.ts"], sequence: { groupOrder: 1 }, ...inChromium } },
      // Last, because afterwards the clinic is full.
      { extends: true, test: { name: "many", include: ["e2e/many.e2e.ts"], sequence: { groupOrder: 2 }, ...inChromium } },
    ],
  },
});
