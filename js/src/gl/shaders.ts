/** The two shaders of the ray marcher. Texture coordinates are (W, H, D), 0 to 1. */

/** One triangle over the whole view; rays are linear in the place on it. */
export const VERTEX = `#version 300 es
uniform vec3 start[3], along[3];
out vec3 from, to;
void main() {
  vec2 at = vec2(gl_VertexID == 1 ? 3 : -1, gl_VertexID == 2 ? 3 : -1);
  from = start[0] + at.x * start[1] + at.y * start[2];
  to = along[0] + at.x * along[1] + at.y * along[2];
  gl_Position = vec4(at, 0, 1);
}`;

/**
 * Front to back, absorption and emission: densities of both layers add up. `shade` lights the input
 * by its gradient; homogeneous stretches are thin and unlit, so that surfaces look like glass and
 * what is inside is seen. `slope` is of central differences (of forward ones in
 * a rough picture), per voxel of the shortest edge; `lit`
 * the light on a surface that is crossed along `view`, and how much of a surface it is. Rays start at
 * places of a lattice without visible rows: no bands, no noise, and the same picture every time.
 */
export const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler3D;
uniform sampler3D signal, found;
uniform sampler2D table;
uniform vec3 size, voxels, low, high, light, ink;
uniform float fineness, stretch;
uniform bool most, rough;
in vec3 from, to;
out vec4 colour;

vec4 entry(float value, int row) {
  return texelFetch(table, ivec2(value * 255.0 + 0.5, row), 0);
}
vec3 slope(sampler3D layer, vec4 channel, vec3 p, vec4 here) {
  vec3 e = 1.0 / voxels, d;
  for (int i = 0; i < 3; i++) {
    vec3 by = vec3(0);
    by[i] = e[i];
    d[i] = dot(channel, rough ? 2.0 * (texture(layer, p + by) - here) : texture(layer, p + by) - texture(layer, p - by));
  }
  vec3 sharp = voxels / size;
  return d * sharp / max(max(sharp.x, sharp.y), sharp.z);
}
vec2 lit(vec3 n, vec3 view) {
  float steep = length(n);
  n *= (dot(n, view) > 0.0 ? -1.0 : 1.0) / max(steep, 1e-4);
  float facing = max(0.0, dot(n, light));
  return vec2(0.3 + 0.7 * facing + 0.3 * pow(facing, 20.0), smoothstep(0.02, 0.3, steep));
}
void main() {
  vec3 d = to / length(to * size);
  d = mix(d, vec3(1e-7), lessThan(abs(d), vec3(1e-7)));
  vec3 a = (low - from) / d, b = (high - from) / d;
  vec3 near = min(a, b), far = max(a, b);
  float t = max(max(near.x, near.y), near.z), end = min(min(far.x, far.y), far.z);
  vec3 pace = abs(d) * voxels;
  float by = 1.0 / (fineness * max(max(pace.x, pace.y), pace.z));
  t += by * fract(dot(floor(gl_FragCoord.xy), vec2(0.754877666, 0.569840291)));
  vec3 view = d * size;
  vec4 sum = vec4(0);
  float top = 0.0;
  vec4 best = vec4(0);
  for (int i = 0; i < 4096 && t < end && sum.a < 0.985; i++, t += by) {
    vec3 p = from + d * t;
    float v = texture(signal, p).r;
    vec4 f = texture(found, p);
    if (most) {
      top = max(top, v);
      if (f.a > best.a) best = f;
      continue;
    }
    vec4 tone = entry(v, 0);
    float other = entry(f.a, 1).a;
    if (tone.a + other <= 0.0) continue;
    if (tone.a > 0.0) {
      vec2 glow = lit(slope(signal, vec4(1, 0, 0, 0), p, vec4(v)), view);
      tone.rgb *= mix(0.85, glow.x, glow.y);
      tone.a *= mix(0.2, 1.0, glow.y);
    }
    if (other > 0.0) {
      vec2 glow = lit(slope(found, vec4(0, 0, 0, 1), p, f), view);
      f.rgb *= mix(1.0, 0.55 + 0.5 * glow.x, glow.y);
    }
    float dense = tone.a + other;
    float alpha = 1.0 - exp(-dense * by / stretch);
    vec3 mixed = (tone.a * tone.rgb + other * f.rgb / max(f.a, 0.004)) / dense;
    sum += (1.0 - sum.a) * alpha * vec4(mixed, 1);
  }
  if (most) {
    float under = top * min(1.0, entry(top, 0).a * 50.0);
    float over = 1.0 - exp(-4.0 * entry(best.a, 1).a);
    sum = vec4(ink * under * (1.0 - over), under * (1.0 - over)) +
      over * vec4(best.rgb / max(best.a, 0.004), 1);
  }
  colour = sum;
}`;
