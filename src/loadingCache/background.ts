/** Refreshes entries that are stale, or will soon be. */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { CurrentRequest } from "../concurrency/request.ts"
import { now } from "../time/clock.ts"
import type { Config } from "./Config.ts"
import { load } from "./load.ts"
import type { Parts, Stored } from "./Parts.ts"

export const refreshAhead = <A, K, E>(
  { config, flights }: Parts<A, K, E>,
  names: ReadonlyArray<string>,
  keys: ReadonlyMap<string, K>,
  stored: ReadonlyArray<Stored<A, E> | undefined>,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<void> =>
  Effect.clockWith((clock) => {
    const time = clock.currentTimeMillisUnsafe()
    const seen = new Map<string, number>()
    for (const [i, it] of stored.entries()) {
      if (it?.isFresh === true && it.kept.freshUntil - time <= config.aheadOf(it.kept.ttl)) {
        seen.set(names[i]!, it.kept.freshUntil)
      }
    }
    if (seen.size > 0) inBackground({ config, flights }, [...seen.keys()], keys, seen, fiber)
    return Effect.void
  })

/** Returns the stale names for whose lookups this caller waits. The others are looked up in the background. */
export const refreshStale = <A, K, E>(
  parts: Parts<A, K, E>,
  names: ReadonlyArray<string>,
  keys: ReadonlyMap<string, K>,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<ReadonlySet<string>> =>
  Effect.sync(() => {
    if (names.length === 0) return new Set()
    const isAlone = fiber.getRef(CurrentRequest) === "unknown"
    if (parts.config.softTimeout === undefined && !isAlone) {
      inBackground(parts, names, keys, new Map(), fiber)
      return new Set()
    }
    const time = now(fiber)
    return new Set(names.filter((name) => !parts.flights.isPaused(name, time)))
  })

/** Refreshes keys. `seen` has the ends of entries that are still fresh. */
const inBackground = <A, K, E>(
  { config, flights }: Parts<A, K, E>,
  names: ReadonlyArray<string>,
  keys: ReadonlyMap<string, K>,
  seen: ReadonlyMap<string, number>,
  fiber: Fiber.Fiber<unknown, unknown>
): void => {
  const renewing = load(config, flights, { keys, accepts: (name, kept) => kept.freshUntil !== seen.get(name) })
  for (const batch of batches(config, names)) {
    config.counters.refreshed(flights.refresh(batch, renewing, fiber).length)
  }
}

/** The names that are looked up together. */
const batches = <A, K, E>({ lookupMany }: Config<A, K, E>, names: ReadonlyArray<string>) =>
  lookupMany === undefined ? names.map((name) => [name]) : [names]
