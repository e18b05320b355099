/** What a scale of a sound means in Hz, and how frequencies and times are written. */

/** Between a number and its unit: narrow, and never broken. */
const THIN = "\u202f";

/** Digits that a frequency is worth; thousands of Hz are written short. */
const digitsOf = (value: number): number => (value < 1000 ? 3 : 2);

/** Nominal octave of a spectrum index in Hz (Python: Basis.bands). */
export function band(index: number, level: number, rate: number): [number, number] {
  if (index === 0) return [0, rate / 2 ** (level + 1)];
  const scale = level + 1 - index;
  return [rate / 2 ** (scale + 1), rate / 2 ** scale];
}

function parts(value: number, digits: number): [string, string] {
  const short = Number(value.toPrecision(Math.max(digits, 1)));
  // Above what the digits can tell, whole numbers: 22050 Hz is 22 kHz.
  if (short >= 1000) return [String(Number((value / 1000).toPrecision(digits))), "kHz"];
  return [String(short), "Hz"];
}

/** A frequency as people write it: "62.5 Hz", "1.4 kHz". */
export function hertz(value: number, digits = digitsOf(value)): string {
  return parts(value, digits).join(THIN);
}

/** The octave of a spectrum index: "2.8–5.5 kHz", "689 Hz–1.4 kHz". */
export function bandText(index: number, level: number, rate: number): string {
  const [low, high] = band(index, level, rate).map((value) => parts(value, digitsOf(value)));
  const start = low![1] === high![1] || low![0] === "0" ? low![0] : low!.join(THIN);
  return `${start}–${high!.join(THIN)}`;
}

/** A time in seconds with a fixed number of decimals: "1.234 s". */
export const seconds = (value: number, digits = 3): string => `${value.toFixed(digits)}${THIN}s`;

/** Decimals of a second that tell neighbouring pixels of a range of time apart. */
export const secondDigits = (range: number): number =>
  range > 0 ? Math.max(2, Math.min(6, Math.ceil(3 - Math.log10(range)))) : 3;

/** Row, counted from the lowest and with a fraction, on which a frequency lies; null outside. */
export function rowOf(frequencies: readonly number[], value: number): number | null {
  const last = frequencies.length - 1;
  if (last < 1) return null;
  let right = frequencies.findIndex((f) => f >= value);
  if (right < 0) right = last;
  right = Math.max(1, right);
  const [a, b] = [frequencies[right - 1]!, frequencies[right]!];
  const row = right - 1 + (b > a ? (value - a) / (b - a) : 0);
  return row >= -0.5 && row <= last + 0.5 ? row : null;
}

export interface Tick {
  /** Place on the axis, 0 at its bottom and 1 at its top. */
  at: number;
  text: string;
}

/**
 * Ticks of a frequency axis whose rows have these centres, at 1, 2 and 5 times powers of ten and no
 * nearer to each other than `gap` (as a share of the axis). Without frequencies the rows are
 * counted.
 */
export function frequencyTicks(
  frequencies: readonly number[] | null,
  rows: number,
  gap: number,
): Tick[] {
  const found: Tick[] = [];
  const add = (row: number | null, text: string): void => {
    if (row === null) return;
    const at = (row + 0.5) / rows;
    if (found.every((tick) => Math.abs(tick.at - at) >= gap)) found.push({ at, text });
  };
  // Round numbers first: they keep their place, and others fill the gaps between them.
  if (frequencies) {
    for (const lead of [1, 5, 2]) {
      for (let power = 5; power >= 0; power--) {
        const value = lead * 10 ** power;
        add(rowOf(frequencies, value), hertz(value));
      }
    }
  } else {
    let step = 1;
    while (step / rows < gap) step *= step.toString().startsWith("2") ? 2.5 : 2;
    for (let row = 0; row < rows; row += step) add(row, String(row));
  }
  return found.sort((a, b) => a.at - b.at);
}
