/** The stacks that are compared, from nothing to those that the guide recommends. */
import type { Layer } from "effect"
import {
  CircuitBreaker,
  Deadline,
  type Enumeration,
  Fallback,
  Hedge,
  type KeyValue,
  type KeyValueError,
  type Maintenance,
  Memory,
  PassthroughCache,
  Retry,
  Timeout
} from "effect-kv"

export type Store = Layer.Layer<
  KeyValue.KeyValue | Enumeration.Enumeration | Maintenance.Maintenance,
  KeyValueError.StoreSetupError
>

export const none = (store: Store) => store

export const timeout = (store: Store) => store.pipe(Timeout.wrap("1 second"))

export const retry = (store: Store) => store.pipe(Timeout.wrap("1 second"), Retry.wrap())

export const noBudget = (store: Store) => store.pipe(Timeout.wrap("1 second"), Retry.wrap({ budget: false }))

export const hedge = (store: Store) =>
  store.pipe(Timeout.wrap("1 second"), Hedge.wrap({ after: "50 millis" }), Retry.wrap())

/** The default times of the circuit: it stays open for 5 seconds, then for 10 seconds each time. */
export const slowCircuit = (store: Store) =>
  store.pipe(Timeout.wrap("1 second"), Retry.wrap(), CircuitBreaker.wrap({ trip: { consecutive: 5 } }))

/** For a store over a network. */
export const limited = (store: Store) =>
  store.pipe(
    Timeout.wrap("1 second"), // each attempt
    Hedge.wrap({ after: "50 millis" }), // reads that are slow by chance
    Retry.wrap(), // failures that pass: three more attempts, within a budget
    CircuitBreaker.wrap({ trip: { consecutive: 5 }, openFor: "1 second", maxOpenFor: "5 seconds" }), // failures that last
    Deadline.wrap("2 seconds") // all attempts and pauses together
  )

/** For a cache: an older value is better than none. */
export const cache = (store: Store) =>
  limited(store).pipe(
    PassthroughCache.wrap({
      cache: Memory.layer({ maxEntries: 10_000 }),
      maxTtl: "10 seconds", // how old a copy of an entry with a TTL may be
      missingTtl: "10 seconds", // and one of an entry without a TTL
      maxStale: "1 hour" // how much older it may be when the store fails
    })
  )

/** For data of record: writes go on during an outage. In a real program, the fallback is a file, such as one of Sqlite. */
export const record = (store: Store) => limited(store).pipe(Fallback.wrap({ fallback: Memory.layer(), recovery: {} }))
