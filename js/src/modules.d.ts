/** Imports that the build makes (see plugins.mjs). */

declare module "worker:*" {
  /** The whole worker; its text, called with `self`, is the worker's source. */
  export default function work(scope: object): void;
}

declare module "wasm:*" {
  const bytes: Uint8Array;
  export default bytes;
}

declare module "*.css" {
  const text: string;
  export default text;
}
