import * as Effect from "effect/Effect"
import type { Entry } from "../Entry.ts"
import type { ReadError, WriteError } from "../KeyValueError.ts"
import * as Call from "./Call.ts"
import type { Atomic, Driver } from "./Driver.ts"

/** Reads entries below a `decode` that turns some entries into misses. Such entries are called hidden. */
export interface Hiding {
  readonly get: Driver["get"]
  readonly decode: (entry: Entry, call: Call.Get, index: number) => Effect.Effect<Entry | undefined, ReadError>
}

/**
 * Lets a write that expects no entry replace a hidden entry. The write then expects the version of the hidden entry, so that
 * it does not overwrite a concurrent write.
 */
export const replacingHidden = (hiding: Hiding, { compareAndPut }: Atomic): Atomic["compareAndPut"] => {
  const attempt = (call: Call.CompareAndPut, attempts: number): Effect.Effect<Call.Swapped, WriteError> =>
    orIfLost(compareAndPut(call), () =>
      attempts === 0 || call.expected !== undefined ? lost : replaceHidden(call, attempts - 1)
    )
  const replaceHidden = (call: Call.CompareAndPut, attempts: number): Effect.Effect<Call.Swapped, WriteError> =>
    Effect.flatMap(find(hiding, call), (found) => {
      if (found === "visible") return lost
      if (found === "missing") return attempt(call, attempts)
      return orIfLost(compareAndPut({ ...call, expected: found.version }), () => attempt(call, attempts))
    })
  return (call) => attempt(call, maxAttempts)
}

const lost = Effect.succeed<Call.Swapped>(false)

const orIfLost = (
  swap: Effect.Effect<Call.Swapped, WriteError>,
  otherwise: () => Effect.Effect<Call.Swapped, WriteError>
): Effect.Effect<Call.Swapped, WriteError> => Effect.filterOrElse(swap, (swapped) => swapped !== false, otherwise)

/** How often to try again when other writers replace or delete the hidden entry in the meantime. */
const maxAttempts = 10

type Found = "missing" | "visible" | { readonly version: unknown }

const visible = Effect.succeed<Found>("visible")

/** An entry that cannot be read counts as visible: it must not be replaced. */
const find = (hiding: Hiding, call: Call.CompareAndPut): Effect.Effect<Found, WriteError> => {
  const get = Call.toGet(call, { expiry: false, versioned: true })
  return Effect.flatMap(
    hiding.get(get),
    ([entry]): Effect.Effect<Found, ReadError> =>
      entry === undefined
        ? Effect.succeed("missing")
        : Effect.map(hiding.decode(entry, get, 0), (decoded) =>
            decoded === undefined ? { version: entry.version } : "visible"
          )
  ).pipe(Effect.catchTag(["DeserializationError", "DecryptionError", "DecompressionError"], () => visible))
}

/** Deletes hidden entries without counting them. Entries that cannot be read are counted. */
export const withoutHidden = (hiding: Hiding, remove: Driver["delete"]): Driver["delete"] =>
  Effect.fnUntraced(function* (call) {
    const hidden = yield* Effect.orElseSucceed(hiddenKeys(hiding, call), () => new Set())
    return Math.max((yield* remove(call)) - hidden.size, 0)
  })

const hiddenKeys = Effect.fnUntraced(function* (hiding: Hiding, call: Call.Delete) {
  const get = Call.toGet(call, { expiry: false, versioned: false })
  const keys = new Set<string>()
  for (const [index, entry] of (yield* hiding.get(get)).entries()) {
    if (entry === undefined) continue
    const decoded = yield* Effect.orElseSucceed(hiding.decode(entry, get, index), () => entry)
    if (decoded === undefined) keys.add(call.keys[index]!)
  }
  return keys
})
