/** Methods that the kernel is asked for to be compared, while another one stays on display. */
import type { Channel } from "./channel";
import type { Store } from "./store";
import type { MapPayload } from "./types";

export class Further {
  constructor(
    private readonly store: Store,
    private readonly channel: Channel,
  ) {}

  /** Ask for a method; it takes the place of one that is on its way. */
  ask(method: string): void {
    const { further, shown, live } = this.store.state;
    if (!shown || !live) return;
    if (further) this.channel.settled(further.id);
    const id = this.channel.compare(method, shown.target);
    this.store.set({ further: { id, method, done: 0, total: 0, problem: "" } });
  }

  /** Do without it, or take away the word about why it did not come. */
  leave(): void {
    const { further } = this.store.state;
    if (further && !further.problem) this.channel.cancel(further.id);
    this.store.set({ further: null });
  }

  /** Whether a message is about what was asked for here. */
  holds(id: string): boolean {
    const { further } = this.store.state;
    return further !== null && further.id === id;
  }

  progress(id: string, done: number, total: number): void {
    const { further } = this.store.state;
    if (further && this.holds(id)) this.store.set({ further: { ...further, done, total } });
  }

  /** It came, or was cancelled. */
  end(id: string): void {
    if (this.holds(id)) this.store.set({ further: null });
  }

  /** It will not come; false if this was not asked for here. */
  fail(id: string, problem: string): boolean {
    const { further } = this.store.state;
    if (!further || !this.holds(id)) return false;
    this.store.set({ further: { ...further, problem } });
    return true;
  }

  /** Keep a map, in place of an older one. */
  keep(map: MapPayload): void {
    const others = this.store.state.maps.filter((known) => !same(known, map));
    this.store.set({ maps: [...others, map] });
  }
}

const same = (a: MapPayload, b: MapPayload): boolean =>
  a.method === b.method && a.target === b.target && a.basis === b.basis && a.domain === b.domain;
