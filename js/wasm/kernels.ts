/** What the worker runs compiled ahead of time; see src/core/fast.ts. */
export { countVoxels, drawColumns, drawSamples, mapVoxels, mixVoxels } from "./drawing";
export { joinColumns, joinRows, splitColumns, splitRows } from "./transform";
export { addUp, countLeading, countRest, multiply, pass } from "./weighing";
