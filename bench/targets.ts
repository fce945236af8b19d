import { ratio, type Which } from "./figures.ts"
import type { Sample } from "./measure.ts"

/** A figure to reach. */
export interface Target {
  readonly name: string
  /** The sections that it is computed from. */
  readonly sections: ReadonlyArray<string>
  /** The most that it may be. */
  readonly most: number
  readonly unit: "×" | "µs" | "bytes" | "loads" | "MB" | "ms" | "KB"
  /** Whether `npm run bench:gate` looks at it: ratios of CPU time only, which hold on any machine. */
  readonly gate: boolean
  /** `undefined` when it was not measured. */
  readonly reached: (samples: ReadonlyArray<Sample>) => number | undefined
  /** Where it is missed: what a measured floor says about it. */
  readonly note?: string
}

const raw = "ioredis + JSON"
const byHand = "py-key-value's envelopes by hand"

const against = (which: Which, subject: string) => (samples: ReadonlyArray<Sample>) =>
  ratio(samples, which, { ...which, subject })

const onRedis = (name: string, what: "get" | "put", subject: string, most: number, base = raw): Target => ({
  name: `${name}: ${what}`,
  sections: ["stacks"],
  most,
  unit: "×",
  gate: true,
  reached: against({ section: "stacks, 1 KiB", subject, what }, base)
})

/** Section 2 of issue 4, row by row. */
export const targets: ReadonlyArray<Target> = [
  onRedis("Bare `KeyValue` over Redis, against raw ioredis + JSON", "get", "effect-kv", 1.1),
  onRedis("Bare `KeyValue` over Redis, against raw ioredis + JSON", "put", "effect-kv", 1.1),
  onRedis("Timeout + Retry + Statistics + Tracing over Redis", "get", "policies", 1.25),
  onRedis("The same, reads coalesced", "get", "policies, reads coalesced", 0.8),
  onRedis("Production: binary, compression from 4 KiB, Fernet", "get", "production, Fernet", 2.3),
  onRedis("Production: binary, compression from 4 KiB, Fernet", "put", "production, Fernet", 3.2),
  onRedis("The same with Aead, reads coalesced", "get", "production, Aead, reads coalesced", 1.6),
  onRedis("The same with Aead, reads coalesced", "put", "production, Aead, reads coalesced", 2.3),
  onRedis(
    "Production with py-key-value's envelopes, against the same by hand",
    "get",
    "production, py-key-value's envelopes",
    1.15,
    byHand
  ),
  onRedis(
    "Production with py-key-value's envelopes, against the same by hand",
    "put",
    "production, py-key-value's envelopes",
    1.15,
    byHand
  ),
  ...(["get", "put"] as const).map(
    (what): Target => ({
      name: `Batches of 100 over Redis, against raw ioredis + JSON: ${what}`,
      sections: ["batches"],
      most: 1.1,
      unit: "×",
      gate: true,
      reached: against({ section: "batches", subject: "effect-kv", what }, raw)
    })
  )
]
