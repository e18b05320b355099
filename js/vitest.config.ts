import { defineConfig } from "vitest/config";
import { textImportsForTests } from "./plugins.mjs";

export default defineConfig({
  plugins: [textImportsForTests()],
  test: { include: ["tests/**/*.test.ts"] },
});
