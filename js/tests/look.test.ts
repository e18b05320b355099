/** What the stylesheets promise: contrast of the tokens, and states that colours alone do not tell. */
import { describe, expect, test } from "vitest";
import base from "../src/base.css";
import gallery from "../src/gallery.css";
import plots from "../src/galleryplots.css";
import { type Rgb, parseColour } from "../src/core/colour";

/** Tokens of a block of the stylesheet where no host says otherwise. */
function tokens(theme: "light" | "dark"): (name: string) => Rgb {
  const blocks = [...base.matchAll(/([^{}]*)\{([^{}]*)\}/g)].map(([, names, body]) => ({
    names: names!.trim(),
    body: body!,
  }));
  const of = (test: (names: string) => boolean): string =>
    blocks
      .filter(({ names }) => test(names))
      .map(({ body }) => body)
      .join(";");
  const text =
    of((names) => names === ".wam-root") +
    ";" +
    (theme === "dark" ? of((names) => names.includes("data-theme=") && !names.includes("#")) : "");
  const said = new Map<string, string>();
  for (const [, name, value] of text.matchAll(/--wam-([a-z-]+):([^;]+)/g))
    said.set(name!, value!.trim());

  const colour = (value: string): Rgb => {
    const mixed = /^color-mix\(\s*in srgb,\s*(.+)\s+(\d+)%,\s*(.+?)\s*\)$/.exec(value);
    if (mixed) {
      const [one, other] = [colour(mixed[1]!), colour(mixed[3]!)];
      const share = Number(mixed[2]) / 100;
      return one.map((c, i) => c * share + other[i]! * (1 - share)) as Rgb;
    }
    const own = /^var\(--wam-([a-z-]+)\)$/.exec(value);
    if (own) return colour(said.get(own[1]!)!);
    return parseColour(/#[0-9a-f]{3,8}\b/.exec(value)![0], [NaN, NaN, NaN]);
  };
  return (name) => colour(said.get(name)!);
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

describe.each(["light", "dark"] as const)("where the page is %s", (theme) => {
  const of = tokens(theme);
  test.each(["ink", "muted", "warn", "error"])("%s can be read", (name) => {
    expect(contrast(of(name), of("surface"))).toBeGreaterThan(4.5);
    expect(contrast(of(name), of("raised"))).toBeGreaterThan(4.5);
  });
  test("what is quiet can be read where it stands", () => {
    expect(contrast(of("quiet"), of("raised"))).toBeGreaterThan(5);
  });
  test.each(["mark", "accent"])("%s can be told from the surface", (name) => {
    expect(contrast(of(name), of("surface"))).toBeGreaterThan(3);
  });
  test("words on the accent can be read", () => {
    expect(contrast(of("on-accent"), of("accent"))).toBeGreaterThan(4.5);
  });
});

test("where the system chooses the colours, all tokens are its own", () => {
  const forced = /forced-colors:\s*active\)\s*\{[^{]*\{([^}]*)\}/.exec(base)![1]!;
  const names = new Set([...base.matchAll(/--wam-([a-z-]+):/g)].map(([, name]) => name!));
  for (const name of names)
    if (!["font", "focus"].includes(name)) expect(forced).toContain(`--wam-${name}:`);
  expect(forced).not.toMatch(/#[0-9a-f]{3}|var\(|color-mix/);
});

test("no mark is drawn in the colour of lines that need not be seen", () => {
  for (const sheet of [gallery, plots])
    for (const [, names, body] of sheet.matchAll(/([^{}]*)\{([^{}]*)\}/g))
      if (/wam-all|wam-idle|data-kind=/.test(names!)) expect(body).not.toContain("--wam-strong");
});
