/**
 * The production stack, around SQLite or Redis.
 *
 * These are the wrappers of `Stack.production`, written out because the demo looks at what passes between them.
 */
import { Effect, Layer, Option, type Redacted } from "effect"
import { Compression, FernetEncryption, Memory, PassthroughCache, Retry, Statistics, Timeout } from "effect-kv"
import * as Sqlite from "effect-kv/Sqlite"
import { injected } from "./faults.ts"
import { Attempts, Bytes, counted, Requests, weighed } from "./meters.ts"

export interface Settings {
  /** A Redis, or else a SQLite file. */
  readonly url: Option.Option<Redacted.Redacted>
  readonly file: string
  readonly faultRate: number
  readonly seed: string
}

/** The client of Redis is only loaded when it is asked for. */
const redis = (url: Redacted.Redacted) =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("effect-kv/Redis")),
      (Redis) => Redis.layer({ url, prefix: "effect-kv-demo:" })
    )
  )

export const layer = ({ url, file, faultRate, seed }: Settings) =>
  Layer.unwrap(
    Effect.map(FernetEncryption.generateKey, (key) =>
      Option.match(url, { onNone: () => Sqlite.layer({ filename: file }), onSome: redis }).pipe(
        injected(faultRate, seed),
        Timeout.wrap("250 millis"),
        counted(Attempts, "demo.attempts"),
        Retry.wrap({ maxRetries: 8, initialDelay: "20 millis", maxDelay: "500 millis" }),
        counted(Requests, "demo.requests"),
        weighed("stored"),
        FernetEncryption.wrap({ keys: [key] }),
        Compression.wrap(),
        weighed("raw"),
        PassthroughCache.wrap({ cache: Memory.layer({ maxSize: "1 MiB" }), maxTtl: "1 minute" }),
        Statistics.wrap({ store: "demo" })
      )
    )
  ).pipe(Layer.provideMerge(Bytes.layer))
