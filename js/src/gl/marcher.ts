/** The one WebGL2 context of a view: textures, and rays marched through them on demand. */
import type { Layer, Pair, Rendering } from "../core/viewing";
import type { Camera } from "./camera";
import { FRAGMENT, VERTEX } from "./shaders";
import { type Points, STRETCH } from "./transfer";

/** A volume in bytes, its sizes along D, H, W. */
export interface Bytes {
  data: Uint8Array;
  sizes: readonly number[];
}

/** Everything that a picture depends on. */
export interface Scene {
  camera: Camera;
  signal: Bytes;
  /** Colour times opacity, and opacity, of the attribution; null: none. */
  found: Bytes | null;
  /** Opacity by value, and the densities that follow from it. */
  transfer: Readonly<Record<Layer, Points>>;
  table: Float32Array;
  /** Colours of the input from 0 to 1, and what the brightest is drawn in by projection. */
  tones: readonly (readonly number[])[];
  ink: readonly number[];
  /** Fractions of the box that are drawn, along D, H, W: at least where anything is. */
  clip: readonly Readonly<Pair>[];
  rendering: Rendering;
}

/** WebGL is not to be had here; the message says so. */
export class NoWebGL extends Error {}

export class Marcher {
  readonly canvas: HTMLCanvasElement;
  lost = false;
  private readonly gl: WebGL2RenderingContext;
  private places: Record<string, WebGLUniformLocation | null> = {};
  /** What the textures hold. */
  private held: (Bytes | Float32Array | null | undefined)[] = [];
  private tones = "";

  constructor(document: Document, restored: () => void, lost: () => void) {
    this.canvas = document.createElement("canvas");
    const gl = this.canvas.getContext("webgl2", { antialias: false, depth: false });
    if (!gl) throw new NoWebGL("This browser has no WebGL2 to spare; the slices show everything.");
    this.gl = gl;
    this.canvas.addEventListener("webglcontextlost", (event) => {
      // Without this it would never come back.
      event.preventDefault();
      this.lost = true;
      lost();
    });
    this.canvas.addEventListener("webglcontextrestored", () => {
      this.lost = false;
      this.setUp();
      restored();
    });
    this.setUp();
  }

  /** Longest axis that a texture can have. */
  get most(): number {
    return this.gl.getParameter(this.gl.MAX_3D_TEXTURE_SIZE) as number;
  }

  /** Draw rows `from` to `to` of a picture of this size. */
  draw(
    scene: Scene,
    [width, height]: readonly [number, number],
    fineness: number,
    [from, to]: readonly [number, number] = [0, height],
  ): void {
    const { gl, canvas, places } = this;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    this.fill(scene);
    gl.viewport(0, 0, width, height);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(0, height - to, width, to - from);
    const { camera, clip } = scene;
    const { room } = camera;
    const rays = [
      [camera.width / 2, camera.height / 2],
      [camera.width, camera.height / 2],
      [camera.width / 2, 0],
    ].map(([x, y]) => camera.ray(x!, y!));
    // The middle, and what one goes on to the right and to the upper edge.
    for (const part of ["start", "along"] as const) {
      const [middle, right, top] = rays.map((ray) => flip(ray[part]));
      const by = (end: number[]): number[] => end.map((v, i) => v - middle![i]!);
      gl.uniform3fv(places[part]!, [...middle!, ...by(right!), ...by(top!)]);
    }
    const three = (name: string, values: readonly number[]): void =>
      gl.uniform3fv(places[name]!, values);
    three("size", flip(room.edges));
    three("voxels", flip(room.sizes));
    three("low", flip(clip.map(([low]) => low)));
    three("high", flip(clip.map(([, high]) => high)));
    three("light", flip(lightOf(camera)));
    three("ink", scene.ink);
    gl.uniform1f(places["fineness"]!, fineness);
    gl.uniform1i(places["rough"]!, fineness < 1 ? 1 : 0);
    gl.uniform1f(places["stretch"]!, STRETCH * Math.cbrt(room.edges.reduce((a, b) => a * b)));
    gl.uniform1i(places["most"]!, scene.rendering === "mip" ? 1 : 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Resolves once everything that was ordered has been drawn, without holding up the page. */
  async done(): Promise<void> {
    const { gl } = this;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    while (fence && !this.lost && gl.getSyncParameter(fence, gl.SYNC_STATUS) === gl.UNSIGNALED)
      await new Promise((resolve) => setTimeout(resolve, 1));
    gl.deleteSync(fence);
  }

  /** Give the context back. */
  release(): void {
    this.lost = true;
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.canvas.width = this.canvas.height = 0;
  }

  private setUp(): void {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [type, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(type);
      // A context that is already lost makes nothing.
      if (!shader) return;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
      throw new NoWebGL(`The shader was refused: ${gl.getProgramInfoLog(program)}`);
    gl.useProgram(program);
    const names = "start along size voxels low high light ink fineness stretch most rough".split(
      " ",
    );
    this.places = Object.fromEntries(names.map((n) => [n, gl.getUniformLocation(program, n)]));
    ["signal", "found", "table"].forEach((name, unit) =>
      gl.uniform1i(gl.getUniformLocation(program, name), unit),
    );
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.held = [];
    for (const unit of [0, 1, 2]) {
      const target = unit < 2 ? gl.TEXTURE_3D : gl.TEXTURE_2D;
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(target, gl.createTexture());
      for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R])
        gl.texParameteri(target, side, gl.CLAMP_TO_EDGE);
      for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
        gl.texParameteri(target, filter, unit < 2 ? gl.LINEAR : gl.NEAREST);
    }
  }

  /** Bring the textures in line with the scene. */
  private fill({ signal, found, table, tones }: Scene): void {
    const { gl } = this;
    [signal, found].forEach((bytes, unit) => {
      if (this.held[unit] === bytes) return;
      this.held[unit] = bytes;
      const [d, h, w] = bytes?.sizes ?? [1, 1, 1];
      const data = bytes?.data ?? new Uint8Array(4);
      const [inner, format] = unit === 0 ? [gl.R8, gl.RED] : [gl.RGBA8, gl.RGBA];
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.texImage3D(gl.TEXTURE_3D, 0, inner, w!, h!, d!, 0, format, gl.UNSIGNED_BYTE, data);
    });
    const colours = tones.join();
    if (this.held[2] === table && this.tones === colours) return;
    this.held[2] = table;
    this.tones = colours;
    const [dark, bright] = tones;
    const texels = new Float32Array(4 * 512);
    table.forEach((density, i) => {
      const share = (i & 255) / 255;
      const rgb = dark!.map((from, c) => from + (bright![c]! - from) * share);
      texels.set([...rgb, density], 4 * i);
    });
    gl.activeTexture(gl.TEXTURE2);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, 256, 2, 0, gl.RGBA, gl.FLOAT, texels);
  }
}

/** Axes D, H, W in the order of a texture. */
const flip = ([d, h, w]: readonly number[]): number[] => [w!, h!, d!];

/** Over the viewer's left shoulder, along D, H, W in the volume's own mm. */
function lightOf({ back, up, right, room }: Camera): number[] {
  const vector = back.map((v, i) => v + 0.45 * up[i]! - 0.35 * right[i]!);
  const length = Math.hypot(...vector);
  const within = room.within(vector.map((v) => v / length) as [number, number, number]);
  return within.map((v, axis) => v * room.edges[axis]!);
}
