/**
 * Bundle the entries into the Python package: the front end of notebooks and of reports, what a
 * notebook holds to find the one copy of the first, and the galleries of studies in both.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { TARGET, textImports } from "./plugins.mjs";

/** Of what a kernel sends, in kB. */
const BUDGETS = { widget: 150, gallery: 45 };
const here = path.dirname(fileURLToPath(import.meta.url));
const output = path.join(here, "..", "wam_widgets", "static");

async function bundle(name, format, finish = (code) => code) {
  const outfile = path.join(output, `${name}.js`);
  const result = await esbuild.build({
    absWorkingDir: here,
    entryPoints: [`src/entry/${name}.ts`],
    outfile,
    format,
    target: TARGET,
    bundle: true,
    minify: true,
    write: false,
    legalComments: "none",
    logLevel: "warning",
    plugins: [textImports()],
  });
  const [{ text }] = result.outputFiles;
  const finished = finish(text);
  await writeFile(outfile, finished);
  const kilobytes = (code) => (Buffer.byteLength(code) / 1000).toFixed(1);
  console.log(`${name}.js  ${kilobytes(finished)} kB, unpacked ${kilobytes(text)} kB`);
  const budget = BUDGETS[name] ?? Infinity;
  if (Buffer.byteLength(finished) > 1000 * budget)
    console.warn(`${name}.js is over its budget of ${budget} kB`);
}

/**
 * A module that unpacks the module. A kernel sends the text and a notebook may hold it: packed, it
 * is less than half as long.
 */
const packed = (exports) => (code) => {
  const bytes = gzipSync(code, { level: 9 }).toString("base64");
  return `// wam_widgets, MIT licence. Packed with gzip; the source is TypeScript, in js/src.
const bytes = Uint8Array.from(atob("${bytes}"), (c) => c.charCodeAt(0));
const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
const code = new Blob([await new Response(stream).blob()], { type: "text/javascript" });
const url = URL.createObjectURL(code);
const front = await import(url);
URL.revokeObjectURL(url);
${exports}
`;
};

try {
  await mkdir(output, { recursive: true });
  const embeds = "export const { embed, default: widget } = front;\nexport default widget;";
  await bundle("widget", "esm", packed(embeds));
  await bundle("stub", "esm");
  await bundle("gallery", "esm", packed("export default front.default;"));
  await bundle("carrier", "iife");
  await bundle("report", "iife");
  await bundle("study", "iife");
} catch (error) {
  // esbuild has already said what is wrong in the source, and where.
  if (!error.errors) console.error(error.message);
  process.exitCode = 1;
}
