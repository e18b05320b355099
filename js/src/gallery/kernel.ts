/** What the gallery asks of the kernel: small pictures, and explanations to be opened. */
import type { Host } from "../core/host";
import { type Content, Requests } from "../core/requests";

export interface Answers {
  /** Of all that were asked for: null where there is none. */
  images(found: ReadonlyMap<number, string | null>): void;
  progress(done: number, total: number): void;
  opened(): void;
  /** An explanation is not shown, and why. */
  refused(text: string): void;
  /** The kernel does not answer. */
  gone(): void;
}

/** Pictures in one request. */
const MOST = 60;

export class Kernel {
  private readonly requests: Requests;
  private pictures: { id: string; positions: readonly number[] } | null = null;
  private opening: string | null = null;

  constructor(
    host: Host,
    private readonly answers: Answers,
    signal: AbortSignal,
  ) {
    const hearing = {
      receive: (content: Content) => this.receive(content),
      silent: (id: string) => this.silent(id),
    };
    this.requests = new Requests(host, hearing, signal);
  }

  /** Ask for pictures; one request at a time, since a newer one takes the place of an older. */
  ask(positions: readonly number[]): void {
    if (this.pictures || positions.length === 0) return;
    const some = positions.slice(0, MOST);
    this.pictures = {
      id: this.requests.ask({ kind: "thumbnails", positions: some }),
      positions: some,
    };
  }

  open(position: number): void {
    if (this.opening) this.requests.settled(this.opening);
    this.opening = this.requests.ask({ kind: "open", position });
  }

  cancel(): void {
    if (this.opening) this.requests.cancel(this.opening);
    this.opening = null;
  }

  /** The positions mean other inputs from now on. */
  forget(): void {
    if (this.pictures) this.requests.settled(this.pictures.id);
    this.pictures = null;
  }

  private receive(content: Content): void {
    if (content.id === this.pictures?.id) this.receivePictures(content);
    else if (content.id === this.opening) this.receiveOpening(content);
    // What a program asked for and did not get.
    else if (content.id === "" && content.kind === "error") this.refuse(content);
  }

  private receivePictures(content: Content): void {
    const { id, positions } = this.pictures!;
    // One that was cancelled made way for another view's: what is still missing is asked for again.
    const found = new Map<number, string | null>();
    if (content.kind === "thumbnails") {
      const images = Object(content["images"]) as Record<string, unknown>;
      for (const position of positions) {
        const image = images[String(position)];
        found.set(position, typeof image === "string" ? image : null);
      }
    } else if (content.kind === "error") {
      for (const position of positions) found.set(position, null);
    } else if (content.kind !== "cancelled") return;
    this.requests.settled(id);
    this.pictures = null;
    this.answers.images(found);
  }

  private receiveOpening(content: Content): void {
    if (content.kind === "progress")
      return this.answers.progress(Number(content["done"]), Number(content["total"]));
    if (!["opened", "error", "cancelled"].includes(content.kind)) return;
    this.requests.settled(content.id);
    this.opening = null;
    if (content.kind !== "error") return this.answers.opened();
    this.refuse(content);
  }

  private refuse({ message = "The kernel reported an error.", remedy = "" }: Content): void {
    this.answers.refused([message, remedy].filter(Boolean).join(" "));
  }

  private silent(id: string): void {
    if (id === this.pictures?.id) this.pictures = null;
    else if (id !== this.opening) return;
    this.opening = null;
    this.answers.gone();
  }
}
