/**
 * Three kinds of import that plain TypeScript does not know, for the build and for the tests alike:
 * a style sheet as a string, AssemblyScript as the bytes of what it is compiled to, and a whole
 * worker, bundled, as a function of its global scope. A single-file page and a notebook have no second file that a worker could be loaded from: it starts
 * from the text of the function, and where none may start the function is called. One copy of the
 * code serves both.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import asc from "assemblyscript/asc";
import * as esbuild from "esbuild";

export const TARGET = "es2022";
const WORKER = /^worker:/;
const WASM = /^wasm:/;
const STYLE = /\.css$/;

function locate(specifier, importer) {
  const file = path.resolve(path.dirname(importer), specifier.replace(/^[a-z]+:/, ""));
  return STYLE.test(specifier) ? file : `${file}.ts`;
}

const compiled = new Map();

/** Compiled once for all bundles. */
function compile(file) {
  if (!compiled.has(file)) compiled.set(file, assemble(file));
  return compiled.get(file);
}

async function assemble(file) {
  const binaries = [];
  const flags = "--outFile kernels.wasm -O3 --noAssert --runtime stub --enable simd";
  const memory = "--importMemory --noExportMemory";
  const { error, stderr } = await asc.main(
    [path.basename(file), "--baseDir", path.dirname(file), ...`${flags} ${memory}`.split(" ")],
    { writeFile: (_, contents) => void binaries.push(contents) },
  );
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return binaries[0];
}

async function bundleWorker(file) {
  const result = await esbuild.build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    format: "iife",
    target: TARGET,
    write: false,
    legalComments: "none",
    plugins: [textImports()],
  });
  return `export default function (self) {${result.outputFiles[0].text}}`;
}

async function minifyStyle(file) {
  const result = await esbuild.transform(await readFile(file, "utf8"), {
    loader: "css",
    minify: true,
  });
  return result.code;
}

/** For esbuild. */
export function textImports() {
  return {
    name: "text-imports",
    setup(build) {
      build.onResolve({ filter: WORKER }, ({ path: specifier, importer }) => ({
        path: locate(specifier, importer),
        namespace: "worker",
      }));
      build.onLoad({ filter: /.*/, namespace: "worker" }, async ({ path: file }) => ({
        contents: await bundleWorker(file),
        loader: "js",
      }));
      build.onResolve({ filter: WASM }, ({ path: specifier, importer }) => ({
        path: locate(specifier, importer),
        namespace: "wasm",
      }));
      build.onLoad({ filter: /.*/, namespace: "wasm" }, async ({ path: file }) => ({
        contents: await compile(file),
        loader: "binary",
      }));
      build.onLoad({ filter: STYLE }, async ({ path: file }) => ({
        contents: await minifyStyle(file),
        loader: "text",
      }));
    },
  };
}

/** For vitest. */
export function textImportsForTests() {
  // Virtual names: a name ending in .css would go through vite's own style pipeline.
  const prefix = "\0text:";
  return {
    name: "text-imports",
    enforce: "pre",
    resolveId(specifier, importer) {
      const kind = [WORKER, WASM, STYLE].findIndex((one) => one.test(specifier));
      if (!importer || kind < 0) return null;
      return `${prefix}${["worker", "wasm", "style"][kind]}:${locate(specifier, importer)}.text`;
    },
    async load(id) {
      if (!id.startsWith(prefix)) return null;
      const [, kind, file] = /^([a-z]+):(.*)\.text$/.exec(id.slice(prefix.length));
      if (kind === "worker") return bundleWorker(file);
      if (kind === "wasm") return `export default Uint8Array.of(${await compile(file)});`;
      return `export default ${JSON.stringify(await minifyStyle(file))};`;
    },
  };
}
