import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

type Theme = Record<string, string>;

/** The custom properties of every rule whose selector list has exactly this selector. */
function rule(selector: string): Theme {
  const found: Theme = {};
  for (const [, selectors = "", body = ""] of css.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
    const list = selectors.replace(/\/\*[^]*?\*\//g, "").split(",").map((each) => each.trim());
    if (!list.includes(selector)) continue;
    for (const [, name = "", value = ""] of body.matchAll(/(--[\w-]+):\s*([^;]+);/g)) found[name] = value.trim();
  }
  return found;
}

const light = rule('[data-theme="light"]');
const themes: Record<string, Theme> = {
  light,
  dark: { ...light, ...rule('[data-theme="dark"]') },
  high: { ...light, ...rule('[data-theme="high"]'), ...rule('[data-theme="high"][data-brand]') },
};
const brands = ["green", "blue", "purple", "orange", "grey"];
const brandOf = (theme: string, brand: string): Theme =>
  theme === "high" ? rule('[data-theme="high"][data-brand]') : { ...rule(`[data-brand="${brand}"]`), ...(theme === "dark" ? rule(`[data-theme="dark"][data-brand="${brand}"]`) : {}) };

type Rgb = [number, number, number];

function resolve(value: string, theme: Theme): Rgb {
  const reference = /^var\((--[\w-]+)\)$/.exec(value);
  if (reference) return resolve(theme[reference[1] ?? ""] ?? "", theme);
  const mix = /^color-mix\(in srgb, (var\([^)]+\)|#\w+) (\d+)%, (var\([^)]+\)|#\w+)\)$/.exec(value);
  if (mix) {
    const [a, b, share] = [resolve(mix[1] ?? "", theme), resolve(mix[3] ?? "", theme), Number(mix[2]) / 100];
    return [0, 1, 2].map((i) => (a[i] ?? 0) * share + (b[i] ?? 0) * (1 - share)) as Rgb;
  }
  const hex = /^#([0-9a-f]{6})$/i.exec(value);
  if (!hex) throw new Error(`not a colour: ${value}`);
  const bits = parseInt(hex[1] ?? "", 16);
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
}

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((each) => {
    const part = each / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string, theme: Theme): number {
  const [x, y] = [luminance(resolve(`var(${a})`, theme)), luminance(resolve(`var(${b})`, theme))];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

const TEXT: [string, string][] = [
  ...["--text", "--text-2", "--text-3"].flatMap((text): [string, string][] => ["--surface", "--surface-2", "--canvas", "--hover", "--selected"].map((ground) => [text, ground])),
  ["--text", "--sunken"],
  ["--text-2", "--sunken"],
  ...["waiting", "confirmed", "cancelled", "moved", "calling", "attention", "neutral"].flatMap((tone): [string, string][] => [
    [`--${tone}`, `--${tone}-tint`],
    [`--${tone}`, "--surface"],
    [`--${tone}`, "--canvas"],
  ]),
  ["--danger", "--surface"],
  ["--dock-text", "--dock"],
  ["--dock-text-2", "--dock"],
  ["--text", "--mark"],
  ["--text", "--brand-tint"],
];

const SHAPES: [string, string][] = [
  ["--control", "--surface"],
  ["--control", "--canvas"],
  ["--focus", "--surface"],
  ["--focus", "--canvas"],
  ...["confirmed", "waiting", "moved", "cancelled", "calling", "unreached"].map((bar): [string, string] => [`--bar-${bar}`, "--surface"]),
];

describe.each(Object.keys(themes))("the %s theme", (name) => {
  const least = name === "high" ? 7 : 4.5;
  const plain = { ...themes[name], ...brandOf(name, "green") };

  it.each(TEXT)(`%s on %s is at least ${least}`, (text, ground) => {
    expect(contrast(text, ground, plain)).toBeGreaterThanOrEqual(least);
  });

  it.each(SHAPES)("%s on %s is at least 3", (shape, ground) => {
    expect(contrast(shape, ground, plain)).toBeGreaterThanOrEqual(name === "high" ? 5 : 3);
  });

  it.each(brands)("the brand %s carries text and is read on its tint", (brand) => {
    const theme = { ...themes[name], ...brandOf(name, brand) };
    expect(contrast("--on-brand", "--brand", theme)).toBeGreaterThanOrEqual(least);
    expect(contrast("--on-brand", "--brand-hover", theme)).toBeGreaterThanOrEqual(least);
    expect(contrast("--brand-text", "--surface", theme)).toBeGreaterThanOrEqual(least);
    expect(contrast("--brand-text", "--brand-tint", theme)).toBeGreaterThanOrEqual(least);
    expect(contrast("--brand-text", "--canvas", theme)).toBeGreaterThanOrEqual(least);
    expect(contrast("--text-2", "--selected", theme)).toBeGreaterThanOrEqual(least);
  });
});

describe("the measure itself", () => {
  it("gives the known ratios", () => {
    expect(contrast("--a", "--b", { "--a": "#000000", "--b": "#ffffff" })).toBeCloseTo(21, 5);
    expect(contrast("--a", "--b", { "--a": "#777777", "--b": "#ffffff" })).toBeCloseTo(4.48, 2);
  });
});
