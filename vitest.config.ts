import { fileURLToPath } from "node:url"
import { defaultServerConditions } from "vite"
import { defineConfig } from "vitest/config"

const conditions = ["@effect-kv/source", ...defaultServerConditions]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      { extends: true, test: { name: "effect-kv", include: ["test/**/*.test.ts"] } },
      {
        extends: true,
        resolve: { alias: { ioredis: "ioredis5" } },
        test: {
          name: "ioredis 5",
          // What depends on how the client connects, sends and fails.
          include: ["test/stores/Redis.test.ts", "test/stores/redis/{closing,cluster,connection,failures}.test.ts"]
        }
      }
    ],
    // The programs that tests start (examples, the demo) share what Node compiled.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL(".cache/compile", import.meta.url)) },
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary"],
      thresholds: { lines: 95 }
    }
  }
})
