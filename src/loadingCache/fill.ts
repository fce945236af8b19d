/** Stores what lookups returned. */
import * as Effect from "effect/Effect"
import * as slices from "../concurrency/slices.ts"
import { withinStores } from "../driver/ttl.ts"
import type { InvalidKeyError, ReadError, WriteError } from "../KeyValueError.ts"
import { monotonicMillis } from "../time/clock.ts"
import { millisOf } from "../time/duration.ts"
import { type Config, generationTtl } from "./Config.ts"
import type { Kept } from "./envelope.ts"
import { longestLookup, markTtl } from "./limits.ts"
import { epochName, invalidKey, tagName } from "./names.ts"
import type { Found, Store } from "./Store.ts"
import type { Before } from "./view.ts"

/** What is to be stored under a name, before its generations are known. */
export interface Filling {
  readonly name: string
  /** `undefined` for a value that is not to be stored: an older one must not stay in its place. */
  readonly content: Kept["content"] | undefined
  /** In milliseconds; `Infinity` is allowed. */
  readonly ttl: number
  /** How long it may be returned after that. */
  readonly staleFor: number
  readonly tags: ReadonlyArray<string>
}

/** When lookups began, by the monotonic clock, and when they ended, by both. */
export interface Times {
  readonly began: number
  readonly ended: number
  readonly endedAt: number
}

/** Returns the TTL of a value in milliseconds, shortened at random. A value whose TTL is not positive is not stored. */
export const ttlOf = <A, K>(
  { ttlOf, jitter, store }: Pick<Config<A, K, never>, "ttlOf" | "jitter" | "store">,
  value: A,
  key: K
): number => {
  const ttl = millisOf(ttlOf(value, key))
  if (Number.isNaN(ttl)) throw new Error("LoadingCache: the option `ttl` must return a duration")
  return shortened(ttl, jitter, store)
}

/** Never longer than the TTL, because the TTL is a promise. */
export const shortened = (ttl: number, jitter: number, store: Store): number =>
  Math.floor(withinStores(ttl * (1 - jitter * store.uniform)))

/** Returns the different tags of a value, or why one of them is not valid. */
export const tagsOf = <A, K>(
  { tagsOf, collection }: Pick<Config<A, K, never>, "tagsOf" | "collection">,
  value: A,
  key: K
): ReadonlyArray<string> | InvalidKeyError => {
  const tags = tagsOf === undefined ? [] : [...new Set(tagsOf(value, key))]
  for (const tag of tags) {
    const problem = invalidKey("put", collection, "tag", tag)
    if (problem !== undefined) return problem
  }
  return tags
}

export const keptOf = (
  content: Kept["content"],
  { ttl, tags }: Pick<Filling, "ttl" | "tags">,
  endedAt: number,
  generations: { readonly all: string; readonly epoch: string | undefined },
  ids: ReadonlyMap<string, string | undefined>
): Kept => ({
  _tag: "kept",
  content,
  freshUntil: endedAt + ttl,
  ttl,
  ...generations,
  tags: tags.map((tag) => [tag, ids.get(tag)!])
})

/**
 * Stores values if nothing has been invalidated or written since their lookups began.
 *
 * The tags of a value are only known after its lookup, but their generations must be those from before it. So the epoch,
 * which every invalidation changes before it changes any tag, is read again after the generations of new tags. If the epoch is
 * the same as before the lookup, then so were they. Otherwise, the tags are remembered: the next lookup of the key reads their
 * generations before it begins, so that invalidations of other tags cannot keep a value out of the store again and again.
 */
export const fill = <A, K, E>(
  config: Config<A, K, E>,
  fillings: ReadonlyArray<Filling>,
  before: Before,
  found: ReadonlyMap<string, Found>,
  times: Times,
  isDropped: (name: string) => boolean
): Effect.Effect<void> => {
  const { store, health } = config
  const { all, epoch } = before
  if (all === undefined || times.ended - times.began > longestLookup) return Effect.void
  const ids = new Map(before.tags)
  const isNew = (tag: string) => ids.get(tag) === undefined
  /** A store that has not answered one write will not answer the next thousand either. */
  let isDown = false

  const write = (filling: Filling) =>
    Effect.clockWith((clock) => {
      const left = filling.ttl + filling.staleFor - (monotonicMillis(clock) - times.ended)
      const isComplete = filling.tags.every((tag) => ids.get(tag) !== undefined)
      const { name, content } = filling
      const replaced = found.get(name)!
      if (!(left >= 1) || !isComplete || isDown || isDropped(name)) return Effect.void
      if (content === undefined && replaced.stored?._tag !== "kept") return Effect.void
      config.knownTags.delete(name)
      const written =
        content === undefined
          ? store.replace(name, replaced, { _tag: "mark", id: store.nonce() }, markTtl)
          : store.replace(name, replaced, keptOf(content, filling, times.endedAt, { all, epoch }, ids), left)
      return Effect.catch(Effect.andThen(written, health.worked()), (error) => {
        isDown ||= error.retryable
        return health.failed("write", error)
      })
    })

  const withNewTags = Effect.gen(function* () {
    const tags = [...new Set(fillings.flatMap(({ tags }) => tags.filter(isNew)))]
    if (tags.length === 0) return
    const created = yield* store.ensured(tags.map(tagName), generationTtl(config))
    const epochAfter = yield* store.generation(epochName)
    if (epoch === undefined || epochAfter !== epoch) {
      for (const { name, tags } of fillings) if (tags.some(isNew)) config.knownTags.set(name, tags)
      return
    }
    for (const [i, tag] of tags.entries()) ids.set(tag, created[i])
  })

  return Effect.andThen(
    Effect.catch(withNewTags, (error: ReadError | WriteError) => health.failed("write", error)),
    slices.forEach(fillings, write, 100)
  )
}
