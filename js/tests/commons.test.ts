import { describe, expect, it, vi } from "vitest";
import { type Commons, type FrontEnd, announce, commons, provide } from "../src/core/commons";

const KEY = Symbol.for("wam_widgets.1");

/** An output that waits for a front end; all that is read of an element. */
const output = (front: string): HTMLElement => ({ dataset: { front } }) as unknown as HTMLElement;

function module() {
  return {
    default: vi.fn<FrontEnd["default"]>(),
    embed: vi.fn<FrontEnd["embed"]>(),
    bank: "filters",
  };
}

/** A front end as text: it notes what it is given. */
const TEXT = `
export const bank = "filters";
export const embed = (...given) => given[1].noted.push(given);
`;

describe("what the outputs of a page have in common", () => {
  it("is one for all who ask", () => {
    const page = {};
    expect(commons(page)).toBe(commons(page));
    expect(commons({})).not.toBe(commons(page));
  });

  it("takes over outputs that came before it, between and after", async () => {
    // Node imports no blobs.
    vi.spyOn(URL, "createObjectURL").mockReturnValue(
      `data:text/javascript,${encodeURIComponent(TEXT)}`,
    );
    const [first, second, third] = ["a", "a", "a"].map(output);
    const all = commons({ [KEY]: { waiting: [first] } }) as Commons & { noted: unknown[][] };
    all.noted = [];
    all.waiting.push(second!);
    await provide(all, "a", () => TEXT);
    all.waiting.push(third!);
    await vi.waitFor(() => expect(all.noted).toHaveLength(3));
    expect(all.noted.map(([el]) => el)).toEqual([first, second, third]);
    expect(all.noted[0]).toEqual([first, all, "filters"]);
    expect(all.orphans).toHaveLength(0);
    vi.restoreAllMocks();
  });

  it("gives each output the version that it was made with", async () => {
    const all = commons({});
    const [old, now] = [module(), module()];
    all.modules.set("old", Promise.resolve(old));
    all.modules.set("new", Promise.resolve(now));
    const el = output("old");
    all.waiting.push(el);
    all.waiting.push(output("of a version that is not here"));
    await Promise.resolve();
    expect(old.embed).toHaveBeenCalledWith(el, all, "filters");
    expect(now.embed).not.toHaveBeenCalled();
    expect(all.orphans).toHaveLength(1);
  });

  it("evaluates a text once, and again only after it failed", async () => {
    const all = commons({});
    const text = vi.fn(() => "this is no module");
    const first = provide(all, "a", text);
    expect(provide(all, "a", text)).toBe(first);
    expect(text).toHaveBeenCalledTimes(1);
    await expect(first).rejects.toThrow();
    await Promise.resolve();
    provide(all, "a", text).catch(() => undefined);
    expect(text).toHaveBeenCalledTimes(2);
  });

  it("says who has a kernel, and who has no longer", () => {
    const all = commons({});
    const told = vi.fn();
    all.changes.addEventListener("key", told);
    const [render, later] = [vi.fn(), vi.fn()];
    const [life, longer] = [new AbortController(), new AbortController()];
    announce(all, "key", render, life.signal);
    expect(all.live.get("key")).toBe(render);
    announce(all, "key", later, longer.signal);
    // The model was made again before the old one was gone.
    life.abort();
    expect(all.live.get("key")).toBe(later);
    longer.abort();
    expect(all.live.has("key")).toBe(false);
    expect(told).toHaveBeenCalledTimes(3);
    announce(all, "key", render, life.signal);
    expect(all.live.has("key")).toBe(false);
  });
});
