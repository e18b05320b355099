/** The two ways in which the numbers are made: by TypeScript, and by what is compiled beforehand. */
import kernels from "wasm:../wasm/kernels";
import { Fast } from "../src/core/fast";
import { Scratch } from "../src/core/scratch";

/** The compiled loops, with a count of what they did. */
export function compiled(values = 2 ** 22): { fast: Fast; scratch: Scratch; steps(): number } {
  const fast = Fast.make(kernels, values);
  if (!fast) throw new Error("there is no WebAssembly here");
  let steps = 0;
  const counted =
    <T extends unknown[]>(step: (...given: T) => boolean) =>
    (...given: T): boolean => {
      const done = step.apply(fast, given);
      if (done) steps++;
      return done;
    };
  fast.split = counted(fast.split);
  fast.join = counted(fast.join);
  return { fast, scratch: new Scratch(fast), steps: () => steps };
}

export const paths = (): Scratch[] => [new Scratch(), compiled().scratch];
