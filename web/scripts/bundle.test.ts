import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

interface Chunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
  css?: string[];
  assets?: string[];
}

const dist = new URL("../dist/", import.meta.url);
const manifest = new URL(".vite/manifest.json", dist);
const KB = 1024;

/** Everything that the first page waits for: the entry and what it imports at once. */
function initial(chunks: Record<string, Chunk>): { scripts: Set<string>; styles: Set<string> } {
  const scripts = new Set<string>();
  const styles = new Set<string>();
  const take = (name: string) => {
    const chunk = chunks[name];
    if (!chunk || scripts.has(chunk.file)) return;
    scripts.add(chunk.file);
    for (const style of chunk.css ?? []) styles.add(style);
    for (const each of chunk.imports ?? []) take(each);
  };
  for (const [name, chunk] of Object.entries(chunks)) if (chunk.isEntry) take(name);
  return { scripts, styles };
}

const size = (files: Iterable<string>) => [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0) / KB;

describe.runIf(existsSync(manifest))("the built console", () => {
  const chunks = JSON.parse(existsSync(manifest) ? readFileSync(manifest, "utf8") : "{}") as Record<string, Chunk>;
  const { scripts, styles } = initial(chunks);

  it("begins with at most 250 KB of JavaScript, gzipped", () => {
    expect(scripts.size).toBeGreaterThan(0);
    expect(size(scripts)).toBeLessThanOrEqual(250);
  });

  it("begins with at most 30 KB of CSS, gzipped", () => {
    expect(size(styles)).toBeLessThanOrEqual(30);
  });

  it("brings a font of at most 48 KB", () => {
    const fonts = Object.values(chunks).map((each) => each.file).filter((file) => file.endsWith(".woff2"));
    const named = [...new Set([...fonts, ...Object.values(chunks).flatMap((each) => each.assets ?? [])])].filter((file) => file.endsWith(".woff2"));
    expect(named).toHaveLength(1);
    expect(readFileSync(new URL(named[0] ?? "", dist)).length / KB).toBeLessThanOrEqual(48);
  });

  it("has no inline script or style, which the content security policy refuses", () => {
    const html = readFileSync(new URL("index.html", dist), "utf8");
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>/);
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
    expect(html).not.toMatch(/https?:\/\//);
  });
});
