/** Reads entries together with the generations that decide whether they are valid. */
import * as Effect from "effect/Effect"
import type { ReadError, WriteError } from "../KeyValueError.ts"
import { type Config, generationTtl } from "./Config.ts"
import { identityOf, type Kept } from "./envelope.ts"
import { ageOf } from "./freshness.ts"
import { allName, epochName, tagName } from "./names.ts"
import type { Found } from "./Store.ts"

/** The generations of the collection. `epoch` is only read by a cache that has tags. */
export interface Generations {
  readonly all: string | undefined
  readonly epoch: string | undefined
}

/** What a read found under a key. */
export interface Seen {
  /** The entry, if it is valid and has not expired. */
  readonly kept: Kept | undefined
  readonly isFresh: boolean
  /** The entry or mark that is stored, valid or not: another lookup has been stored, or an invalidation. */
  readonly id: string | undefined
}

export interface View extends Generations {
  readonly seen: ReadonlyArray<Seen>
}

/** What was stored before a lookup began. */
export interface Before extends View {
  readonly found: ReadonlyArray<Found>
  /** The generations of the tags that the stored entries have. */
  readonly tags: ReadonlyMap<string, string | undefined>
}

type AnyConfig = Config<any, any, any>

/** Reads entries. Takes one round trip, and a second one if tags have been invalidated since an entry was stored. */
export const view = (config: AnyConfig, names: ReadonlyArray<string>): Effect.Effect<View, ReadError> =>
  Effect.flatMap(read(config, names, false), ({ found, all, epoch }) => {
    const doubtful = tagsOf(found, (kept) => kept.all === all && !(epoch !== undefined && kept.epoch === epoch))
    if (doubtful.length === 0) return seenOf(config, found, { all, epoch }, new Map())
    return Effect.flatMap(config.store.generations(doubtful.map(tagName)), (ids) =>
      seenOf(config, found, { all, epoch }, mapOf(doubtful, ids))
    )
  })

/** Reads entries, with their versions, before a lookup. Creates the generations that are missing. */
export const before = Effect.fnUntraced(function* (
  config: AnyConfig,
  names: ReadonlyArray<string>
): Effect.fn.Return<Before, ReadError | WriteError> {
  const { store } = config
  const { found, ...read_ } = yield* read(config, names, true)
  const all = read_.all ?? (yield* store.ensured([allName], Number.POSITIVE_INFINITY))[0]
  const epoch =
    config.tagsOf === undefined
      ? undefined
      : (read_.epoch ?? (yield* store.ensured([epochName], Number.POSITIVE_INFINITY))[0])
  const known = [...new Set([...tagsOf(found, () => true), ...names.flatMap((name) => config.knownTags.of(name))])]
  const tags = mapOf(known, yield* store.ensured(known.map(tagName), generationTtl(config)))
  const generations = { all, epoch }
  return { ...(yield* seenOf(config, found, generations, tags)), found, tags }
})

const read = (config: AnyConfig, names: ReadonlyArray<string>, versioned: boolean) => {
  const withGenerations = config.tagsOf === undefined ? [...names, allName] : [...names, allName, epochName]
  return Effect.map(config.store.entries(withGenerations, versioned), (all) => {
    const id = (found: Found | undefined) => (found?.stored?._tag === "mark" ? found.stored.id : undefined)
    const found = all.slice(0, names.length)
    return { found, all: id(all[names.length]), epoch: id(all[names.length + 1]) }
  })
}

/** The different tags of the entries that a predicate selects. */
const tagsOf = (found: ReadonlyArray<Found>, isSelected: (kept: Kept) => boolean): ReadonlyArray<string> => {
  const tags = new Set<string>()
  for (const { stored } of found) {
    if (stored?._tag !== "kept" || stored.tags.length === 0 || !isSelected(stored)) continue
    for (const [tag] of stored.tags) tags.add(tag)
  }
  return [...tags]
}

const mapOf = (tags: ReadonlyArray<string>, ids: ReadonlyArray<string | undefined>) =>
  new Map(tags.map((tag, i) => [tag, ids[i]]))

const seenOf = (
  { staleFor }: AnyConfig,
  found: ReadonlyArray<Found>,
  { all, epoch }: Generations,
  tags: ReadonlyMap<string, string | undefined>
): Effect.Effect<View> =>
  Effect.clockWith((clock) => {
    const now = clock.currentTimeMillisUnsafe()
    /** An entry keeps the generations that were read before its lookup began, so an equal one has not been invalidated. */
    const isValid = (kept: Kept): boolean =>
      kept.all === all &&
      ((epoch !== undefined && kept.epoch === epoch) || kept.tags.every(([tag, id]) => tags.get(tag) === id))
    const seen = found.map(({ stored }): Seen => {
      const id = identityOf(stored)
      if (stored?._tag !== "kept") return { kept: undefined, isFresh: false, id }
      const age = isValid(stored) ? ageOf(stored, now, "value" in stored.content ? staleFor : 0) : "expired"
      return { kept: age === "expired" ? undefined : stored, isFresh: age === "fresh", id }
    })
    return Effect.succeed({ seen, all, epoch })
  })
