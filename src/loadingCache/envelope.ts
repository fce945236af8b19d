/** The form in which a cache stores its entries. `docs/reference/wire-format.md` describes it. */
import type { Value } from "../Value.ts"

/** What a lookup returned, with the times and the generations that decide whether it may still be used. */
export interface Kept {
  readonly _tag: "kept"
  /** The value, or the error of a lookup that failed. */
  readonly content: { readonly value: Value } | { readonly error: Value }
  /** When the content becomes stale, by the wall clock of the writer. `Infinity`: never. */
  readonly freshUntil: number
  /** How long it is fresh, in milliseconds. */
  readonly ttl: number
  /** The generation of the collection. */
  readonly all: string
  /** What every invalidation of tags changes. */
  readonly epoch: string | undefined
  /** The tags, each with its generation. */
  readonly tags: ReadonlyArray<readonly [tag: string, generation: string]>
}

/** What an invalidation leaves in the place of an entry, so that a lookup which began before it finds another version. */
export interface Mark {
  readonly _tag: "mark"
  readonly id: string
}

export type Stored = Kept | Mark

/** Tells entries and marks of a key from each other. */
export const identityOf = (stored: Stored | undefined): string | undefined => {
  if (stored === undefined) return undefined
  return stored._tag === "mark" ? stored.id : `${stored.freshUntil} ${stored.ttl} ${stored.all}`
}

export const toValue = (stored: Stored): Value => {
  if (stored._tag === "mark") return { invalidated: stored.id }
  const { content, freshUntil, ttl, all, epoch, tags } = stored
  return {
    ...content,
    ...(freshUntil !== Number.POSITIVE_INFINITY && { freshUntil, ttl }),
    all,
    ...(tags.length > 0 && { tags: tags as unknown as Value }),
    ...(tags.length > 0 && epoch !== undefined && { epoch })
  } as Value
}

/** Returns `undefined` for anything that no cache has stored. */
export const fromValue = (value: Value | undefined): Stored | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  const { invalidated, freshUntil, ttl, all, epoch, tags = [], ...rest } = value as Readonly<Record<string, unknown>>
  if (typeof invalidated === "string") return { _tag: "mark", id: invalidated }
  const content = contentOf(rest)
  if (content === undefined || typeof all !== "string" || !isTags(tags)) return undefined
  const times = { freshUntil: numberOf(freshUntil), ttl: numberOf(ttl) }
  if (times.freshUntil === undefined || times.ttl === undefined) return undefined
  return {
    _tag: "kept",
    content,
    freshUntil: times.freshUntil,
    ttl: times.ttl,
    all,
    epoch: typeof epoch === "string" ? epoch : undefined,
    tags
  }
}

const contentOf = ({ value, error }: { readonly value?: unknown; readonly error?: unknown }) => {
  if (value !== undefined) return { value: value as Value }
  return error === undefined ? undefined : { error: error as Value }
}

/** A time that was left out is infinite. */
const numberOf = (input: unknown): number | undefined =>
  input === undefined ? Number.POSITIVE_INFINITY : typeof input === "number" ? input : undefined

const isTags = (tags: unknown): tags is Kept["tags"] =>
  Array.isArray(tags) &&
  tags.every((pair) => Array.isArray(pair) && typeof pair[0] === "string" && typeof pair[1] === "string")
