/** How ids, and other words that are not ours, are written where there is little room. */

/** Letters that are written from right to left. */
const LEFTWARD = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** What changes the direction of the text after it. */
const TURNS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
/** What a file name ends in: ".JPEG", ".nii.gz". */
const EXTENSION = /(\.\p{L}[\p{L}\p{N}]{1,5}){1,2}$/u;
/** About as many letters as a narrow card shows of an id. */
const ROOM = 8;

/** Text of which the direction stays its own, inside a sentence without elements. */
export const isolate = (text: string): string =>
  TURNS.test(text) || LEFTWARD.test(text) ? `\u2068${text}\u2069` : text;

/** Whether the first letter is written from right to left. */
export function leftward(text: string): boolean {
  const letter = /\p{L}/u.exec(text);
  return letter !== null && LEFTWARD.test(letter[0]);
}

/** What is written of ids that do not fit. */
export interface Cut {
  /** Their beginning goes: what tells them apart is at the end. */
  front: boolean;
  /** The file extension of all of them, which goes as well. */
  extension: string;
}

const known = new WeakMap<readonly string[], Cut>();

/** Where the ids of a study are cut: on the side on which more of them are alike. */
export function cutOf(ids: readonly string[]): Cut {
  const before = known.get(ids);
  if (before) return before;
  const extension = EXTENSION.exec(ids[0] ?? "")?.[0] ?? "";
  const shared = extension !== "" && ids.length > 1 && ids.every((id) => id.endsWith(extension));
  const bare = ids.map((id) => (shared ? id.slice(0, -extension.length) : id));
  const starts = new Set(bare.map((id) => id.slice(0, ROOM)));
  const ends = new Set(bare.map((id) => id.slice(-ROOM)));
  const front = ends.size > starts.size;
  const cut = { front, extension: front && shared ? extension : "" };
  known.set(ids, cut);
  return cut;
}
