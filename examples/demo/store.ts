/**
 * The production stack, around SQLite or Redis.
 *
 * These are the wrappers of `Stack.production`, written out because the demo measures what passes between them.
 */
import { Effect, FileSystem, Layer, Option, Path, type Redacted } from "effect"
import {
  Compression,
  FernetEncryption,
  type KeyValue,
  Maintenance,
  Memory,
  PassthroughCache,
  Retry,
  Statistics,
  Timeout
} from "effect-kv"
import * as Sqlite from "effect-kv/Sqlite"
import { injected } from "./faults.ts"
import { Attempts, Bytes, counted, Requests, weighed } from "./meters.ts"

/** Where to store the documents: in a Redis, or in a SQLite file. */
export interface Place {
  readonly url: Option.Option<Redacted.Redacted>
  readonly file: string
  /** Whether to keep the documents at the end. */
  readonly keep: boolean
}

export interface Options {
  readonly key: Redacted.Redacted
  /** The share of calls to the store that fail, from 0 to 1. */
  readonly faultRate: number
  readonly seed: string
}

/** A file that the user named is kept. A temporary file is removed at the end, unless `keep` is set. */
export const placeOf = Effect.fn("store.placeOf")(function* (options: {
  readonly url: Option.Option<Redacted.Redacted>
  readonly file: Option.Option<string>
  readonly keep: boolean
}) {
  const { url, keep } = options
  if (Option.isSome(url)) return { url, file: "", keep }
  if (Option.isSome(options.file)) return { url, file: options.file.value, keep: true }
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const prefix = { prefix: "effect-kv-demo-" }
  const directory = yield* keep ? fs.makeTempDirectory(prefix) : fs.makeTempDirectoryScoped(prefix)
  return { url, file: path.join(directory, "demo.sqlite"), keep }
})

/** Loads the Redis client only if it is needed. */
const redis = (url: Redacted.Redacted) =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("effect-kv/Redis")),
      (Redis) => Redis.layer({ url, prefix: "effect-kv-demo:" })
    )
  )

const sqlite = (filename: string) => Sqlite.layer({ filename, table: "demo" })

/** Empties the store at the beginning, and at the end unless `keep` is set. Other data is not touched. */
const emptied =
  (keep: boolean) =>
  <A, E, R>(store: Layer.Layer<A | KeyValue.KeyValue | Maintenance.Maintenance, E, R>) =>
    Layer.effectDiscard(
      Maintenance.Maintenance.use(({ clear }) =>
        Effect.andThen(clear, keep ? Effect.void : Effect.addFinalizer(() => Effect.ignore(clear)))
      )
    ).pipe(Layer.provideMerge(store))

/** All wrappers between the store and the application. */
export const wrapped =
  ({ key, faultRate, seed }: Options) =>
  <A, E, R>(store: Layer.Layer<A | KeyValue.KeyValue, E, R>) =>
    store.pipe(
      injected(faultRate, seed),
      Timeout.wrap("250 millis"),
      counted(Attempts, "demo.attempts"),
      Retry.wrap({ maxRetries: 8, initialDelay: "20 millis", maxDelay: "500 millis" }),
      counted(Requests, "demo.requests"),
      weighed("stored"),
      FernetEncryption.wrap({ keys: [key], envelope: "binary" }),
      weighed("compressed"),
      Compression.wrap({ envelope: "binary" }),
      weighed("raw"),
      // Too small for all documents, so that some are evicted and read from the store again.
      PassthroughCache.wrap({ cache: Memory.layer({ maxSize: "1 MiB" }), maxTtl: "1 minute" }),
      Statistics.wrap({ store: "demo" }),
      Layer.provideMerge(Bytes.layer)
    )

export const layer = ({ url, file, keep, ...options }: Place & Options) =>
  Option.match(url, { onNone: () => sqlite(file), onSome: redis }).pipe(emptied(keep), wrapped(options))
