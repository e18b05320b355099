/**
 * Compares the transform with PyWavelets on a file that tests/test_parity_exhaustive.py makes.
 *
 * The file: length of the header as u32, header as JSON padded to 4 bytes, then float32 values.
 */
import { readFileSync } from "node:fs";
import {
  analyse,
  filters,
  layout,
  maxLevelFor,
  product,
  pullback,
  synthesise,
} from "../src/core/dwt";
import type { Bank } from "../src/core/dwt";
import { Scratch } from "../src/core/scratch";
import type { Mode } from "../src/core/types";
import { compiled } from "./paths";

interface Header {
  families: { name: string; length: number }[];
  /** Family, level, space, modes. */
  cases: [string, number, number[], Mode[]][];
}

const file = readFileSync(process.argv[2] as string);
const length = file.readUInt32LE(0);
const header = JSON.parse(file.subarray(4, 4 + length).toString()) as Header;
const values = new Float32Array(
  file.buffer.slice(file.byteOffset + 4 + length, file.byteOffset + file.length),
);
let at = 0;
const take = (count: number): Float32Array => values.subarray(at, (at += count));

const taps = take(header.families.reduce((sum, f) => sum + 2 * f.length, 0));
const bank: Bank = {
  families: header.families,
  taps: { dtype: "f32", shape: [taps.length], data: taps },
};
const known = new Map(header.families.map((f) => [f.name, filters(bank, f.name)]));

const worst = { analyse: 0, pullback: 0, synthesise: 0 };
let where = "";
function compare(
  kind: keyof typeof worst,
  have: Float32Array,
  want: Float32Array,
  name: string,
): void {
  if (have.length !== want.length)
    throw new Error(`${kind} ${name}: ${have.length} values, not ${want.length}`);
  let error = 0;
  let size = 0;
  for (let i = 0; i < want.length; i++) {
    error = Math.max(error, Math.abs(have[i] - want[i]));
    size = Math.max(size, Math.abs(want[i]));
  }
  const relative = error / size;
  if (!(relative <= worst[kind])) {
    if (!(relative <= Math.max(...Object.values(worst)))) where = `${kind} ${name}`;
    worst[kind] = relative;
  }
}

const fast = compiled();
const paths = [new Scratch(), fast.scratch];
let count = 0;
for (const [family, level, space, modes] of header.cases) {
  const bankOf = known.get(family)!;
  if (maxLevelFor(bank, family, space) < level)
    throw new Error(`${family} ${level} ${space}: level`);
  const size = product(space);
  const place = layout(bankOf, { family, level, mode: "zero", space, channels: 1 });
  const x = take(size);
  const r = take(place.count);
  const pulled = take(place.count);
  const joined = take(size);
  const named = `${family} ${level} ${space}`;
  for (const scratch of paths) {
    compare("pullback", pullback(x, place, bankOf, scratch), pulled, named);
    compare("synthesise", synthesise(r, place, bankOf, { scratch }), joined, named);
  }
  for (const mode of modes) {
    const name = `${family} ${level} ${mode} ${space}`;
    const z = take(place.count);
    for (const scratch of paths) {
      compare("analyse", analyse(x, { ...place, mode }, bankOf, scratch), z, name);
    }
    count++;
  }
}
if (at !== values.length) throw new Error(`${values.length - at} values are left over`);
console.log(JSON.stringify({ count, compiled: fast.steps(), worst, where }));
