import { defineConfig } from "vitest/config"
import { aliases } from "./.vitepress/aliases.ts"

/** The tests of the site, which need `npm run docs:build` before them. */
export default defineConfig({
  resolve: { alias: aliases },
  test: { include: ["docs/test/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: 2 }
})
