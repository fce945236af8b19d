import { defaultServerConditions } from "vite"
import { defineConfig } from "vitest/config"

const conditions = ["@effect-kv/source", ...defaultServerConditions]

/** Runs the tests that pages show, where `docs/test/blocks.test.ts` has written them. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: [".cache/docs-run/**/*.test.ts"], exclude: [] }
})
