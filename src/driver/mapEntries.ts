import * as Effect from "effect/Effect"
import * as slices from "../concurrency/slices.ts"
import type { Entry } from "../Entry.ts"
import type { Place, ReadError, WriteError } from "../KeyValueError.ts"
import * as Call from "./Call.ts"
import type { Atomic, Driver } from "./Driver.ts"
import { type Hiding, replacingHidden, withoutHidden } from "./hidden.ts"

/**
 * Functions that change entries on their way into a store and out of it.
 *
 * **Details**
 *
 * `encode` and `decode` get one entry at a time, even if a batch is read or written. The first failure fails the whole
 * call. If `encode` fails, nothing of the batch is stored. An effect that has already succeeded costs no fiber step.
 * `place` has the names that the application used, for errors. `name` has the names at this level of the stack, where
 * prefixes may have been added.
 *
 * If `decode` turns an entry into a miss, operations that depend on the value treat it as missing: `putIfAbsent` and
 * `update` replace the entry, and `delete` does not count it. Listing and clearing depend on names only, and include it.
 *
 * @since 0.1.0
 */
export interface EntryMapping {
  /** Returns the entry to store, or a `Drop` if it is not to be stored. `putIfAbsent` then returns `false`. */
  readonly encode?: (entry: Entry, place: Place, name: Name) => Effect.Effect<Entry | Call.Drop, WriteError>
  /** Gets `undefined` for a missing entry, and returns `undefined` to turn an entry into a miss. */
  readonly decode?: (entry: Entry | undefined, place: Place, name: Name) => Effect.Effect<Entry | undefined, ReadError>
  /**
   * Whether `decode` may turn an entry into a miss. With `false`, `delete` and conditional writes that fail skip the read
   * that checks for such entries. Default: true.
   */
  readonly mayHide?: boolean | undefined
  /** Whether this mapping prefers values as JSON text, whatever the driver prefers (`Driver.prefersText`). Default: false. */
  readonly prefersText?: boolean
}

/**
 * The collection and the key of an entry at one level of the stack.
 *
 * @since 0.1.0
 */
export interface Name {
  readonly collection: string
  readonly key: string
}

/**
 * Changes entries on the way in and out, one by one. Codecs, limits and defaults are made this way.
 *
 * **Details**
 *
 * Keep the other fields of an entry (`{ ...entry, payload }`). `Atomic` works through the wrapper only if `version` is kept.
 * The result has no native `increment`: `Atomic.increment` reads the counter through `decode`, and writes it with
 * `compareAndPut` through `encode`.
 *
 * @since 0.1.0
 */
export const mapEntries =
  ({ encode, decode, mayHide = true, prefersText }: EntryMapping) =>
  (driver: Driver): Driver => {
    const mapped: Driver = {
      ...driver,
      ...(prefersText && { prefersText }),
      // A native increment would change what is stored below the mapping.
      atomic: driver.atomic && { compareAndPut: driver.atomic.compareAndPut },
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

/** Of duplicate keys, the last one counts, even if its entry is dropped. */
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

/** Like `slices.forEach`, but takes no fiber step for a single effect that has already succeeded. */
const eachEager = <A, B, E>(
  items: ReadonlyArray<A>,
  f: (item: A, index: number) => Effect.Effect<B, E>
): Effect.Effect<ReadonlyArray<B>, E> =>
  items.length === 1 ? Effect.mapEager(f(items[0] as A, 0), (result) => [result]) : slices.forEach(items, f, 1)
