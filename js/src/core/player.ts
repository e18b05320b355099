/** What is heard: one audio graph for a session, begun by a click. */
import type { Store } from "./store";

/** Peak and RMS of the last moments, linear, 1 is full scale. */
export interface Level {
  peak: number;
  rms: number;
}

export class Player {
  constructor(
    private readonly store: Store,
    readonly signal: AbortSignal,
  ) {}

  /** Where the sound is that is heard now, in samples: by the audio clock while it plays. */
  get position(): number {
    return this.store.state.cursor;
  }

  seek(sample: number): void {
    this.store.set({ cursor: sample });
  }
}
