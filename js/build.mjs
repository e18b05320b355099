/** Bundle the two entries into the Python package: the widget's module and the report's script. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { TARGET, textImports } from "./plugins.mjs";

const BUDGET_KB = 150;
const here = path.dirname(fileURLToPath(import.meta.url));
const output = path.join(here, "..", "wam_widgets", "static");

async function bundle(name, format) {
  const outfile = path.join(output, `${name}.js`);
  await esbuild.build({
    absWorkingDir: here,
    entryPoints: [`src/entry/${name}.ts`],
    outfile,
    format,
    target: TARGET,
    bundle: true,
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [textImports()],
  });
  const size = (await stat(outfile)).size / 1000;
  console.log(`${name}.js  ${size.toFixed(1)} kB`);
  if (size > BUDGET_KB) console.warn(`${name}.js is over its budget of ${BUDGET_KB} kB`);
}

try {
  await bundle("widget", "esm");
  await bundle("report", "iife");
} catch {
  process.exitCode = 1; // esbuild has already said what is wrong and where
}
