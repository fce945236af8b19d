import * as Effect from "effect/Effect"
import * as slices from "../concurrency/slices.ts"
import type { Entry } from "../Entry.ts"
import type { Place, ReadError, WriteError } from "../KeyValueError.ts"
import * as Call from "./Call.ts"
import type { Atomic, Driver } from "./Driver.ts"
import { type Hiding, replacingHidden, withoutHidden } from "./hidden.ts"

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
 * An entry of which `decode` makes a miss is missing for every operation that goes by its value: `putIfAbsent` and
 * `update` replace it, and `delete` does not count it. Listing and clearing go by names, and include it.
 *
 * @since 0.1.0
 */
export interface EntryMapping {
  /** A `Drop` in the place of the entry: it is not stored. `putIfAbsent` answers false then. */
  readonly encode?: (entry: Entry, place: Place, name: Name) => Effect.Effect<Entry | Call.Drop, WriteError>
  /** `undefined` in is a miss; `undefined` out makes one. */
  readonly decode?: (entry: Entry | undefined, place: Place, name: Name) => Effect.Effect<Entry | undefined, ReadError>
  /**
   * Whether `decode` may make a miss of an entry. Without it, `delete`, and a conditional write that loses, are spared the
   * read that looks whether the entry is one of those. Default: true.
   */
  readonly mayHide?: boolean | undefined
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
  ({ encode, decode, mayHide = true, prefersText }: EntryMapping) =>
  (driver: Driver): Driver => {
    const mapped: Driver = {
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
        atomic: driver.atomic && { compareAndPut: encodeOne(driver.atomic, encode) }
      })
    }
    if (decode === undefined || !mayHide) return mapped
    const hiding: Hiding = {
      get: driver.get,
      decode: (entry, call, index) => decode(entry, Call.placeOf(call, index), nameOf(call, index))
    }
    return {
      ...mapped,
      delete: withoutHidden(hiding, driver.delete),
      atomic: mapped.atomic && { compareAndPut: replacingHidden(hiding, mapped.atomic) }
    }
  }

const nameOf = (call: Call.Get | Call.Put | Call.CompareAndPut, index: number): Name => ({
  collection: call.collection,
  key: call.keys[index]!
})

/** Of equal keys the last one counts, also when that is one that is dropped. */
const putEncoded = (
  driver: Driver,
  call: Call.Put,
  entries: ReadonlyArray<Entry | Call.Drop>
): Effect.Effect<void, WriteError> => {
  if (entries.every((entry) => typeof entry !== "string")) return driver.put({ ...call, entries })
  const last = new Map(call.keys.map((key, index) => [key, index]))
  const kept: Array<number> = []
  const deleted: Array<number> = []
  for (const index of last.values()) {
    const entry = entries[index]
    if (entry === "delete") deleted.push(index)
    else if (entry !== "ignore") kept.push(index)
  }
  const put =
    kept.length === 0 ? Effect.void : driver.put(Call.pick({ ...call, entries: entries as ReadonlyArray<Entry> }, kept))
  if (deleted.length === 0) return put
  const remove = Call.toDelete(Call.pick(call, deleted))
  const place = kept.length === 0 ? remove.place : Call.partlyApplied(remove.place)
  return Effect.andThen(put, driver.delete({ ...remove, place })).pipe(Effect.asVoid)
}

const encodeOne =
  ({ compareAndPut }: Atomic, encode: NonNullable<EntryMapping["encode"]>) =>
  (call: Call.CompareAndPut): Effect.Effect<Call.Swapped, WriteError> => {
    const { entry: given } = call
    if (given === undefined) return compareAndPut(call)
    return Effect.flatMap(
      Effect.suspend(() => encode(given, call.place, nameOf(call, 0))),
      (entry): Effect.Effect<Call.Swapped, WriteError> => {
        if (entry === "ignore") return Effect.succeed(entry)
        if (entry !== "delete") return compareAndPut({ ...call, entry })
        return Effect.map(compareAndPut({ ...call, entry: undefined }), (swapped) =>
          swapped === true ? entry : swapped
        )
      }
    )
  }

/** `slices.forEach` that takes no fiber step for a single effect that is a success already. */
const eachEager = <A, B, E>(
  items: ReadonlyArray<A>,
  f: (item: A, index: number) => Effect.Effect<B, E>
): Effect.Effect<ReadonlyArray<B>, E> =>
  items.length === 1 ? Effect.mapEager(f(items[0] as A, 0), (result) => [result]) : slices.forEach(items, f, 1)
