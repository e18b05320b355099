import { describe, expect, it } from "vitest";
import { cutOf, isolate, leftward } from "../src/gallery/ids";

const files = (name: (i: number) => string): string[] =>
  Array.from({ length: 40 }, (_, i) => name(i));

describe("ids that do not fit", () => {
  it("lose their beginning where it is the same in all, and the extension", () => {
    const ids = files((i) => `val/ILSVRC2012_val_${String(i).padStart(8, "0")}.JPEG`);
    expect(cutOf(ids)).toEqual({ front: true, extension: ".JPEG" });
    expect(cutOf(ids)).toBe(cutOf(ids));
    expect(cutOf(files((i) => `/data/scans/${i}.nii.gz`)).extension).toBe(".nii.gz");
    // What is no extension of all of them stays.
    const mixed = files((i) => `photographs/${i}.${i % 2 ? "png" : "jpg"}`);
    expect(cutOf(mixed)).toEqual({ front: true, extension: "" });
    expect(cutOf(files((i) => `version 1.${i}`)).extension).toBe("");
  });

  it("lose their end where the beginning tells them apart as well", () => {
    expect(cutOf(files((i) => `${i} by a long name.png`))).toEqual({ front: false, extension: "" });
    expect(cutOf(["brick 00 clean", "brick 01 noisy"]).front).toBe(false);
    expect(cutOf(["only.png"])).toEqual({ front: false, extension: "" });
    expect(cutOf([])).toEqual({ front: false, extension: "" });
  });
});

describe("the direction of text", () => {
  it("is that of its first letter", () => {
    expect(leftward("brick")).toBe(false);
    expect(leftward("5 شجرة")).toBe(true);
    expect(leftward("x שלום")).toBe(false);
    expect(leftward("123")).toBe(false);
  });

  it("does not leave what is set into a sentence, which else stays as it is", () => {
    expect(isolate("val/1 (a).png")).toBe("val/1 (a).png");
    expect(isolate("\u202egnp.1")).toBe("\u2068\u202egnp.1\u2069");
    expect(isolate("שלום")).toBe("\u2068שלום\u2069");
  });
});
