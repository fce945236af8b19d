/** The stack of the sessions. */
import { Config, Effect, Layer, type Redacted } from "effect"
import {
  Aead,
  type Atomic,
  CircuitBreaker,
  Deadline,
  HmacNames,
  type KeyValue,
  Retry,
  Statistics,
  Timeout
} from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { Generations, Sessions } from "./sessions.ts"

export interface Keys {
  readonly values: Redacted.Redacted<string>
  readonly names: Redacted.Redacted<string>
}

/** Protects a store: against its failures, and against readers and writers of its data. */
export const protect =
  ({ values, names }: Keys) =>
  <A, E, R>(store: Layer.Layer<A | KeyValue.KeyValue | Atomic.Atomic, E, R>) => {
    const name = { store: "sessions" }
    return store.pipe(
      Timeout.wrap("300 millis"), // each attempt
      Retry.wrap({ ...name, maxRetries: 2, initialDelay: "50 millis" }),
      CircuitBreaker.wrap(name), // in an outage, requests fail at once
      Deadline.wrap("1 second", name), // all attempts together
      Aead.wrap({ keys: [{ id: "2026-11", key: values }], storeId: "sessions" }),
      HmacNames.wrap({ key: names }), // the ids of sessions are secrets
      Statistics.wrap(name)
    )
  }

/** The stack on Redis: `SESSION_KEY` and `SESSION_NAME_KEY` are 32 random bytes each, in base64. */
const Store = Layer.unwrap(
  Effect.gen(function* () {
    const url = yield* Config.Redacted("REDIS_URL")
    const values = yield* Config.Redacted("SESSION_KEY")
    const names = yield* Config.Redacted("SESSION_NAME_KEY")
    return Redis.layer({ url, prefix: "app:", store: "sessions" }).pipe(protect({ values, names }))
  })
)

/** The collections of the sessions. Needs a store that has `Atomic`. */
export const Collections = Layer.mergeAll(Sessions.layer, Generations.layer)

export const SessionsOnRedis = Layer.provideMerge(Collections, Store)
