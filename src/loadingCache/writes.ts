/** What an application writes: values that it has itself, and invalidations. */
import * as Effect from "effect/Effect"
import * as slices from "../concurrency/slices.ts"
import { InvalidKeyError, type ReadError, type WriteError } from "../KeyValueError.ts"
import { generationTtl } from "./Config.ts"
import { keptOf, tagsOf, ttlOf } from "./fill.ts"
import { markTtl } from "./limits.ts"
import { allName, epochName, invalidKey, tagName } from "./names.ts"
import type { Parts } from "./Parts.ts"

/** Stores a value. Lookups of the key that are under way do not overwrite it. */
export const set = <A, K, E>(
  { config, flights }: Parts<A, K, E>,
  name: string,
  key: K,
  value: A
): Effect.Effect<void, ReadError | WriteError> => {
  const { store } = config
  const write = Effect.gen(function* () {
    const encoded = yield* config.encode(key, value)
    const tags = tagsOf(config, value, key)
    if (tags instanceof InvalidKeyError) return yield* tags
    const ttl = ttlOf(config, value, key)
    if (ttl < 1) return yield* store.mark([name], markTtl)
    const epochs = config.tagsOf === undefined ? [] : [epochName]
    const [all, epoch] = yield* store.ensured([allName, ...epochs], Number.POSITIVE_INFINITY)
    const ids = yield* store.ensured(tags.map(tagName), generationTtl(config))
    const byTag = new Map<string, string | undefined>(tags.map((tag: string, i: number) => [tag, ids[i]]))
    const now = yield* Effect.clockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe()))
    const kept = keptOf({ value: encoded }, { ttl, tags }, now, { all: all!, epoch }, byTag)
    yield* store.put(name, kept, ttl + config.staleFor)
  })
  return dropping(flights, [name], write)
}

/** Leaves marks in the place of entries. Lookups that began before do not overwrite them. */
export const invalidate = <A, K, E>(
  { config, flights }: Parts<A, K, E>,
  names: ReadonlyArray<string>
): Effect.Effect<void, WriteError> =>
  names.length === 0 ? Effect.void : dropping(flights, names, config.store.mark(names, markTtl))

/** Changes the generation of the collection. */
export const invalidateAll = <A, K, E>({ config, flights }: Parts<A, K, E>): Effect.Effect<void, WriteError> =>
  outdating(flights, config.store.renew(allName, Number.POSITIVE_INFINITY))

/**
 * Changes the generations of tags: first the epoch, then the tags.
 *
 * A lookup reads the epoch before it begins and again after it has read the generations of its value's tags. If it read a tag
 * that this invalidation had changed already, then the epoch was changed earlier still, so the lookup notices.
 */
export const invalidateTags = <A, K, E>(
  { config, flights }: Parts<A, K, E>,
  tags: ReadonlyArray<string>
): Effect.Effect<void, WriteError> => {
  const { store, collection } = config
  if (tags.length === 0) return Effect.void
  for (const tag of tags) {
    const problem = invalidKey("put", collection, "tag", tag)
    if (problem !== undefined) return Effect.fail(problem)
  }
  const names = [...new Set(tags)].map(tagName)
  const renewed = Effect.andThen(
    store.renew(epochName, Number.POSITIVE_INFINITY),
    slices.forEach(names, (name) => store.renew(name, generationTtl(config)), 100)
  )
  return outdating(flights, Effect.asVoid(renewed))
}

/**
 * Drops lookups before a write, so that they do not store older values, and after it, because those that began during the
 * write may have read what was there before.
 */
const dropping = <B, E>(
  flights: Parts<any, any, any>["flights"],
  names: ReadonlyArray<string>,
  write: Effect.Effect<B, E>
): Effect.Effect<B, E> =>
  Effect.suspend(() => {
    const drop = () => {
      for (const name of names) flights.drop(name)
    }
    drop()
    return Effect.onExitPrimitive(write, () => drop() as undefined)
  })

const outdating = <B, E>(flights: Parts<any, any, any>["flights"], write: Effect.Effect<B, E>): Effect.Effect<B, E> =>
  Effect.onExitPrimitive(write, () => flights.outdate() as undefined)
