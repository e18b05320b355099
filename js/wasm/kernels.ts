/** What the worker runs compiled ahead of time; see src/core/fast.ts. */
export { joinColumns, joinRows, splitColumns, splitRows } from "./transform";
