import { defineConfig } from "vitest/config"

export default defineConfig({
  resolve: { conditions: ["@effect-kv/source"] },
  ssr: { resolve: { conditions: ["@effect-kv/source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "text", "html"],
      thresholds: { lines: 95 }
    }
  }
})
