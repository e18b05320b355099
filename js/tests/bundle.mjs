/** Bundle a script of the tests for node: `node bundle.mjs script.ts script.mjs`. */
import * as esbuild from "esbuild";
import { TARGET, textImports } from "../plugins.mjs";

const [entry, outfile] = process.argv.slice(2);
await esbuild.build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: TARGET,
  logLevel: "warning",
  plugins: [textImports()],
});
