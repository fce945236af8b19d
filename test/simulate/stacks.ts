/** The simulated stacks, each over a store of any kind. */
import { type Layer, Redacted } from "effect"
import {
  Aead,
  type Atomic,
  Bulkhead,
  CircuitBreaker,
  Compression,
  Deadline,
  type Enumeration,
  Fallback,
  FernetEncryption,
  Hedge,
  type KeyValue,
  type KeyValueError,
  LimitSize,
  type Maintenance,
  Memory,
  PassthroughCache,
  PrefixCollections,
  Replicate,
  Retry,
  Stack,
  Statistics,
  Timeout,
  Tracing
} from "effect-kv"
import * as Sqlite from "effect-kv/Sqlite"
import { Simulation } from "effect-kv/testing"

type Store = Layer.Layer<
  KeyValue.KeyValue | Enumeration.Enumeration | Maintenance.Maintenance | Atomic.Atomic,
  KeyValueError.StoreSetupError
>

/** Makes a new store of each kind. */
export const stores: Readonly<Record<string, () => Store>> = {
  memory: () => Memory.layer(),
  sqlite: () => Sqlite.layer()
}

type Options = Simulation.Options<KeyValueError.StoreSetupError>

const key = Redacted.make("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")

/** Shorter than the delay of late calls, so that callers do not wait for them. */
const timeout = "300 millis"

const corrupting = { rates: { ...Simulation.defaultRates, corrupt: 0.02 } }

export const stacks: Readonly<Record<string, (store: () => Store) => Options>> = {
  bare: (store) => ({ stack: (faulty) => faulty("store", store()) }),
  policies: (store) => ({
    stack: (faulty, throwing) =>
      faulty("store", store()).pipe(
        Timeout.wrap(timeout),
        Retry.wrap({ while: throwing((error) => error.retryable) }),
        Timeout.wrap("2 seconds")
      ),
    limit: "2 seconds"
  }),
  production: (store) => ({
    stack: (faulty) =>
      faulty("store", store(), corrupting).pipe(
        Stack.production({ timeout, aead: { keys: [{ id: "1", key }] }, compression: { minSize: 200 } })
      )
  }),
  codecs: (store) => ({
    stack: (faulty) =>
      faulty("store", store(), corrupting).pipe(
        FernetEncryption.wrap({ keys: [key], envelope: "binary" }),
        Aead.wrap({ keys: [{ id: "1", key }] }),
        Compression.wrap({ minSize: 200, algorithm: "brotli" })
      )
  }),
  cache: (store) => ({
    stack: (faulty) => faulty("far", store()).pipe(Timeout.wrap(timeout), cache(faulty))
  }),
  "stale-cache": (store) => ({
    stack: (faulty) =>
      faulty("far", store()).pipe(
        Timeout.wrap(timeout),
        cache(faulty, {
          missTtl: "1 second",
          refreshAhead: { fraction: 0.5 },
          maxStale: "3 seconds",
          staleWhileRevalidate: true
        })
      )
  }),
  fallback: (store) => ({
    stack: (faulty) => fallingBack(faulty, store, faulty("primary", store(), { rates: lasting })),
    countsDeletes: false,
    recovery: "3 minutes"
  }),
  replicate: (store) => ({
    stack: (faulty) => {
      const replica = (name: string) => faulty(name, store(), { rates: lasting }).pipe(Timeout.wrap(timeout))
      return replica("one").pipe(
        Replicate.wrap({ replicas: [replica("two"), replica("three")], settleTime: "10 seconds" })
      )
    },
    recovery: "3 minutes",
    countsDeletes: false,
    // After a restart, Replicate does not know which stores have missed writes.
    afterRestart: "empty",
    alike: ["one", "two", "three"]
  }),
  hedge: (store) => ({
    stack: (faulty) =>
      faulty("store", store()).pipe(
        Timeout.wrap(timeout),
        Hedge.wrap({ after: "15 millis", maxExtra: 1 }),
        Retry.wrap()
      )
  }),
  everything: (store) => ({
    stack: (faulty, throwing) => {
      const retryable = (error: KeyValueError.KeyValueError) => error.retryable
      const primary = faulty("primary", store(), { rates: lasting }).pipe(
        Timeout.wrap(timeout),
        Hedge.wrap({ after: "15 millis", maxExtra: 1 }),
        Retry.wrap({ maxRetries: 2, while: throwing(retryable) }),
        CircuitBreaker.wrap({
          trip: { consecutive: 5 },
          openFor: "500 millis",
          isFailure: throwing(({ _tag }) => _tag === "StoreUnavailableError" || _tag === "TimeoutError")
        }),
        Bulkhead.wrap({ maxConcurrent: 4, maxQueue: 8 })
      )
      return fallingBack(faulty, store, primary).pipe(
        Aead.wrap({ keys: [{ id: "1", key }] }),
        Compression.wrap({ minSize: 200, envelope: "binary" }),
        LimitSize.wrap({ maxSize: "1 MiB" }),
        PrefixCollections.wrap("tenant"),
        cache(faulty),
        Deadline.wrap("5 seconds"),
        Statistics.wrap(),
        Tracing.wrap()
      )
    },
    recovery: "3 minutes",
    countsDeletes: false,
    limit: "5 seconds",
    budgets: true
  })
}

/** The faults of stores that must not lose entries, such as those written in the background. */
const lasting = { ...Simulation.defaultRates, expireEarly: 0 }

/** A cache with its own faults. */
const cache = (faulty: Simulation.Faulty, options: object = {}) =>
  PassthroughCache.wrap({
    cache: faulty("near", Memory.layer(), { outages: false, copies: true }),
    cacheTimeout: "100 millis",
    maxTtl: "5 seconds",
    missingTtl: "5 seconds",
    settleTime: "10 seconds",
    ...options
  })

/** A fallback store that keeps its entries, as Fallback requires. */
const fallingBack = <A, E, R>(
  faulty: Simulation.Faulty,
  store: () => Store,
  primary: Layer.Layer<A | KeyValue.KeyValue, E, R>
) =>
  primary.pipe(
    Timeout.wrap(timeout),
    Fallback.wrap({
      fallback: faulty("fallback", store(), {
        rates: { delay: 0.7, failBefore: 0.01, failAfter: 0.01 },
        outages: false
      }).pipe(Timeout.wrap(timeout)),
      recovery: { settleTime: "10 seconds" }
    })
  )
