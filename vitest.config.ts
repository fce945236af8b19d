import { fileURLToPath } from "node:url"
import { defaultServerConditions } from "vite"
import { defineConfig } from "vitest/config"

/** What measures time or memory has a process of its own, without the heap of others. */
const measured = ["test/**/{bounds,growth,handOver,steps,Memory,otherPrograms}.test.ts"]

const conditions = ["@effect-kv/source", ...defaultServerConditions]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      // Files share their processes, since most of the time of a small one goes into loading Effect.
      { extends: true, test: { name: "effect-kv", include: ["test/**/*.test.ts"], exclude: measured, isolate: false } },
      { extends: true, test: { name: "measured", include: measured } },
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
    setupFiles: ["test/support/realTimers.ts"],
    maxWorkers: 2,
    // Far more than the longest tests take alone on two cores, because other machines are slower and busy.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: {
      provider: "custom",
      customProviderModule: "test/support/coverage.ts",
      include: ["src/**/*.ts"],
      reporter: ["text-summary"],
      thresholds: { lines: 95 }
    }
  }
})
