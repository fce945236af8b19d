import { type Layer, Redacted } from "effect"
import {
  Aead,
  Bulkhead,
  CircuitBreaker,
  Compression,
  Deadline,
  Driver,
  Fallback,
  Hedge,
  type KeyValue,
  LimitSize,
  Memory,
  PassthroughCache,
  RateLimit,
  Retry,
  Timeout
} from "effect-kv"
import type { Layer as Place, Scenario, Wrapper } from "../model.ts"
import { configOf } from "./config.ts"
import { optionsOf } from "./wrappers.ts"

/** The layer of a stack. The engine only builds it, so its services and errors do not matter. */
export type Stack = Layer.Layer<KeyValue.KeyValue, any>

/** The key of all runs. It protects nothing. */
const key = Redacted.make(new Uint8Array(32).fill(7))

/** The places of a scenario at which calls are recorded: from the outermost wrapper to the store, and then other stores and the origin. */
export const placesOf = ({ stack, load }: Scenario): ReadonlyArray<Place> => {
  const places: Array<Place> = stack.map(({ name }, wrapper) => ({ name, kind: "wrapper", wrapper }))
  places.reverse()
  places.push({ name: "Store", kind: "store", wrapper: undefined })
  stack.forEach(({ name }, wrapper) => {
    if (name === "Fallback") places.push({ name: "Second store", kind: "fallback", wrapper })
  })
  if (load.reads !== "get") places.push({ name: "Origin", kind: "origin", wrapper: undefined })
  return places
}

/** Puts a wrapper around a stack. `second` makes the store of a `Fallback`. */
const wrap = (self: Stack, wrapper: Wrapper, second: () => Stack): Stack => {
  const options = optionsOf(wrapper)
  // The page describes options as data, so their types are known only to `wrappers.ts`. effect-kv checks the values.
  const config = configOf(wrapper) as any
  switch (wrapper.name) {
    case "Timeout":
      return self.pipe(Timeout.wrap(config.duration))
    case "Hedge":
      return self.pipe(Hedge.wrap(config))
    case "Retry":
      return self.pipe(Retry.wrap(config))
    case "CircuitBreaker":
      return self.pipe(CircuitBreaker.wrap(config))
    case "Bulkhead":
      return self.pipe(Bulkhead.wrap(config))
    case "RateLimit":
      return self.pipe(RateLimit.wrap(config))
    case "Deadline":
      return self.pipe(Deadline.wrap(config.duration))
    case "Aead":
      // AES-GCM is asynchronous in browsers. This algorithm is not, and adds 12 bytes more to each value.
      return self.pipe(Aead.wrap({ keys: [{ id: "2026-12", key }], algorithm: "xchacha20-poly1305" }))
    case "Compression":
      return self.pipe(Compression.wrap(config))
    case "LimitSize":
      return self.pipe(LimitSize.wrap(config))
    case "Fallback":
      return self.pipe(Fallback.wrap({ ...config, fallback: second() })) as Stack
    case "PassthroughCache":
      return self.pipe(
        PassthroughCache.wrap({ ...config, cache: Memory.layer({ maxEntries: Number(options.maxEntries) }) })
      ) as Stack
  }
}

/** The wrappers that change what is stored. */
const codecs: ReadonlySet<string> = new Set(["Aead", "Compression"])

/** Builds the codecs of a stack alone, to fill the store without the other wrappers. */
export const onlyCodecs = (store: Stack, { stack }: Scenario): Stack =>
  stack.filter(({ name }) => codecs.has(name)).reduce((self, wrapper) => wrap(self, wrapper, () => self), store)

interface Parts {
  /** Makes the wrapper that records the calls at a place. */
  readonly probe: (place: number) => Driver.Wrapper
  /** Makes the store of a `Fallback`. */
  readonly second: () => Stack
  /** Called with the driver of each wrapper when it is built. */
  readonly onBuilt: (wrapper: number, driver: Driver.Driver) => void
}

/** Builds a stack with a probe outside of each wrapper and of each store. */
export const probed = (
  store: Stack,
  { stack }: Scenario,
  places: ReadonlyArray<Place>,
  { probe, second, onBuilt }: Parts
): Stack => {
  const at = (kind: Place["kind"], wrapper: number | undefined) =>
    probe(places.findIndex((place) => place.kind === kind && place.wrapper === wrapper))
  const watched = (wrapper: number) =>
    Driver.wrapper((driver) => {
      onBuilt(wrapper, driver)
      return driver
    })
  return stack.reduce(
    (self: Stack, wrapper, i) =>
      wrap(self, wrapper, () => second().pipe(at("fallback", i))).pipe(watched(i), at("wrapper", i)),
    store.pipe(at("store", undefined))
  )
}
