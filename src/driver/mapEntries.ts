import * as Effect from "effect/Effect"
import type { Entry } from "../Entry.ts"
import type { Place, ReadError, WriteError } from "../KeyValueError.ts"
import * as Call from "./Call.ts"
import type { Driver } from "./Driver.ts"

/**
 * What becomes of an entry that is not to be stored: it is left out of the write (`"ignore"`), or what was stored
 * under its key is deleted instead (`"delete"`).
 *
 * @since 0.1.0
 */
export type Drop = "ignore" | "delete"

/**
 * How entries change on their way into a store and out of it.
 *
 * **Details**
 *
 * `encode` and `decode` see one entry at a time, whether it is read or written alone or in a batch; the first failure
 * fails the call, and a write that fails here has stored nothing. An effect that is already a success costs no fiber
 * step. `place` holds the application's names, for errors; `name` is what the entry is called at this level of the
 * stack, where prefixes may have been added.
 *
 * @since 0.1.0
 */
export interface EntryMapping {
  readonly encode?: (entry: Entry, place: Place, name: Name) => Effect.Effect<Entry | Drop, WriteError>
  /** `undefined` in is a miss; `undefined` out makes one. */
  readonly decode?: (entry: Entry | undefined, place: Place, name: Name) => Effect.Effect<Entry | undefined, ReadError>
  /** Whether values are wanted as JSON text, whatever the driver prefers (see `Driver.prefersText`). Default: false. */
  readonly prefersText?: boolean
}

/**
 * What an entry is called.
 *
 * @since 0.1.0
 */
export interface Name {
  readonly collection: string
  readonly key: string
}

/**
 * Changes entries on the way in and out, one by one: the combinator of codecs, limits and defaults.
 *
 * **Details**
 *
 * Keep an entry's other fields (`{ ...entry, payload }`): `version` is what makes `Atomic` work through the wrapper.
 *
 * @since 0.1.0
 */
export const mapEntries =
  ({ encode, decode, prefersText }: EntryMapping) =>
  (driver: Driver): Driver => ({
    ...driver,
    ...(prefersText && { prefersText }),
    ...(decode && {
      get: (call: Call.Get) =>
        Effect.flatMap(driver.get(call), (entries) =>
          eachEager(entries, (entry, index) => decode(entry, Call.placeOf(call, index), nameOf(call, index)))
        )
    }),
    ...(encode && {
      put: (call: Call.Put) =>
        Effect.suspend(() =>
          Effect.flatMapEager(
            eachEager(call.entries, (entry, index) => encode(entry, Call.placeOf(call, index), nameOf(call, index))),
            (entries) => putEncoded(driver, call, entries)
          )
        ),
      ...(driver.compareAndPut && { compareAndPut: encodeOne(driver.compareAndPut, encode) })
    })
  })

const nameOf = (call: Call.Get | Call.Put | Call.CompareAndPut, index: number): Name => ({
  collection: call.collection,
  key: call.keys[index]!
})

const putEncoded = (
  driver: Driver,
  call: Call.Put,
  entries: ReadonlyArray<Entry | Drop>
): Effect.Effect<void, WriteError> => {
  if (entries.every((entry) => typeof entry !== "string")) return driver.put({ ...call, entries })
  const indicesOf = (f: (entry: Entry | Drop) => boolean) => entries.flatMap((entry, i) => (f(entry) ? [i] : []))
  const kept = indicesOf((entry) => typeof entry !== "string")
  const deleted = indicesOf((entry) => entry === "delete")
  const put =
    kept.length === 0 ? Effect.void : driver.put(Call.pick({ ...call, entries: entries as ReadonlyArray<Entry> }, kept))
  return deleted.length === 0
    ? put
    : Effect.andThen(put, driver.delete(Call.toDelete(Call.pick(call, deleted)))).pipe(Effect.asVoid)
}

/** An ignored entry counts as written; a deleted one as written by deletion. */
const encodeOne =
  (compareAndPut: NonNullable<Driver["compareAndPut"]>, encode: NonNullable<EntryMapping["encode"]>) =>
  (call: Call.CompareAndPut): Effect.Effect<boolean, WriteError> =>
    call.entry === undefined
      ? compareAndPut(call)
      : Effect.flatMap(encode(call.entry, call.place, nameOf(call, 0)), (entry) =>
          entry === "ignore"
            ? Effect.succeed(true)
            : compareAndPut({ ...call, entry: entry === "delete" ? undefined : entry })
        )

/** `Effect.forEach` that takes no fiber step for effects that are successes already. */
const eachEager = <A, B, E>(
  items: ReadonlyArray<A>,
  f: (item: A, index: number) => Effect.Effect<B, E>
): Effect.Effect<ReadonlyArray<B>, E> =>
  items.length === 1 ? Effect.mapEager(f(items[0] as A, 0), (result) => [result]) : Effect.forEach(items, f)
