import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"
import * as Call from "../../driver/Call.ts"
import { type Entry, isExpired } from "../../Entry.ts"
import { EntryTooLargeError } from "../../KeyValueError.ts"
import { atNow } from "../../time/atNow.ts"
import { type Argument, type Command, type Failure, send, sendMany } from "./commands.ts"
import { type Connection, isCluster } from "./connection.ts"
import { encode, expiryOf, type Form, millisLeft, type Stored, type Version } from "./entries.ts"
import { replace } from "./script.ts"

/** The maximum of entries, and roughly of characters, in one command. The server runs no other command meanwhile. */
const maxPiece = { entries: 1000, length: 4 * 2 ** 20 }

export const writing = (connection: Connection, form: Form) => {
  const nameOf = (call: Call.Put | Call.CompareAndPut, index: number) =>
    form.names.encode(call.collection, call.keys[index]!)

  const putOne = (call: Call.Put): Effect.Effect<void, Failure> => {
    const entry = call.entries[0]!
    const command: Command = ["setBuffer", nameOf(call, 0), encode(call, 0, entry, form)]
    return entry.expiresAt === undefined
      ? send(connection, call, command, done)
      : atNow((now) => send(connection, call, [...command, ...expiryOf(entry, now)], done))
  }

  /** Writes entries without a TTL with as few commands as possible. */
  const putAll = (call: Call.Put): Effect.Effect<void, Failure> => {
    const pairs = call.entries.map((entry, i) => [nameOf(call, i), encode(call, i, entry, form)] as const)
    return Effect.asVoid(
      isCluster(connection.client) || call.entries.some(({ expiresAt }) => expiresAt !== undefined)
        ? atNow((now) =>
            sendMany(
              connection,
              call,
              pairs.map((pair, i) => ["setBuffer", ...pair, ...expiryOf(call.entries[i]!, now)])
            )
          )
        : sendMany(
            connection,
            call,
            piecesOf(pairs).map((piece) => ["msetBuffer", piece])
          )
    )
  }

  /** Writes or deletes the key if it still has the given bytes. Returns whether it had. */
  const replaceBytes = (call: Call.CompareAndPut, bytes: Buffer, args: ReadonlyArray<Argument>) =>
    send(connection, call, [replace, 1, nameOf(call, 0), bytes, ...args], (reply: number) =>
      Exit.succeed(Number(reply) === 1)
    )

  /**
   * Returns the bytes of an expired entry that Redis has kept, because it was loaded without a TTL. It counts as
   * missing.
   */
  const expiredBytes = (call: Call.CompareAndPut, now: number): Effect.Effect<Buffer | undefined, Failure> =>
    Effect.map(
      sendMany<Stored | number>(connection, readPartOf(call), [
        ["getBuffer", nameOf(call, 0)],
        ["pttlBuffer", nameOf(call, 0)]
      ]),
      ([bytes, pttl]) => {
        const found = bytes instanceof Buffer ? managedEntry.decode(bytes, form) : undefined
        return found !== undefined &&
          Result.isSuccess(found) &&
          isExpired(found.success.entry, now) &&
          Number(pttl) === -1
          ? (bytes as Buffer)
          : undefined
      }
    )

  /** Writes the key if it has no entry. Returns whether it had none. */
  const putIfAbsent = (
    call: Call.CompareAndPut,
    entry: NonNullable<Call.CompareAndPut["entry"]>,
    now: number
  ): Effect.Effect<boolean, Failure> => {
    const value = encode(call, 0, entry, form)
    const set: Command = ["setBuffer", nameOf(call, 0), value, ...expiryOf(entry, now), "NX"]
    return send(connection, call, set, (reply: unknown) =>
      reply !== null
        ? Effect.succeed(true)
        : Effect.flatMap(expiredBytes(call, now), (bytes) =>
            bytes === undefined
              ? Effect.succeed(false)
              : replaceBytes(call, bytes, replacement(value, entry.expiresAt, now))
          )
    )
  }

  const isAbsent = (call: Call.CompareAndPut, now: number): Effect.Effect<boolean, Failure> =>
    send(connection, readPartOf(call), ["existsBuffer", nameOf(call, 0)], (count: number) =>
      Number(count) === 0 ? Effect.succeed(true) : Effect.map(expiredBytes(call, now), (bytes) => bytes !== undefined)
    )

  const compareAndPut = (call: Call.CompareAndPut): Effect.Effect<boolean, Failure> =>
    atNow((now) => {
      const { entry, expected } = call
      if (expected === undefined) return entry === undefined ? isAbsent(call, now) : putIfAbsent(call, entry, now)
      const { bytes, expiries } = expected as Version
      if (entry === undefined) return replaceBytes(call, bytes, [])
      const value = encode(call, 0, entry, form)
      const isKept = entry.expiresAt !== undefined && expiries.includes(entry.expiresAt)
      return replaceBytes(call, bytes, isKept ? [value, "KEEPTTL"] : replacement(value, entry.expiresAt, now))
    })

  return {
    put: refusingTooLarge(form, (call: Call.Put) => (call.keys.length === 1 ? putOne(call) : putAll(call))),
    compareAndPut: refusingTooLarge(form, compareAndPut)
  }
}

const done = () => Exit.void

/** The default of `proto-max-bulk-len`. The server closes the connection after a larger value. */
const maxBulk = 512 * 2 ** 20

/** Refuses an entry for which the server would close the connection: other commands use the same connection. */
const refusingTooLarge =
  <C extends Call.Put | Call.CompareAndPut, A, E>(form: Form, write: (call: C) => Effect.Effect<A, E>) =>
  (call: C): Effect.Effect<A, E | EntryTooLargeError> => {
    const entries = call._tag === "put" ? call.entries : [call.entry]
    const index = entries.findIndex((entry) => entry !== undefined && isTooLarge(entry, form))
    if (index === -1) return write(call)
    const limit = { size: entries[index]!.payload.size, maxSize: maxBulk, limitedBy: "Redis" }
    return Effect.fail(new EntryTooLargeError({ ...Call.placeOf(call, index), ...limit }))
  }

/**
 * Leaves 1 MiB for the rest of the entry. The `"py-key-value"` format is not measured, since the entry would be written
 * twice.
 */
const isTooLarge = ({ payload }: Entry, { format }: Form): boolean =>
  (payload.isBytes || format === "compact") && payload.sizeIsAbove(maxBulk - 2 ** 20)

/** Returns arguments of the script: the stored entry, and its remaining TTL in milliseconds if it expires. */
const replacement = (value: Argument, expiresAt: number | undefined, now: number): ReadonlyArray<Argument> =>
  expiresAt === undefined ? [value] : [value, millisLeft(expiresAt, now)]

/**
 * Splits the entries into commands that do not keep the server busy for long. Each lists names and values alternately.
 */
const piecesOf = (
  pairs: ReadonlyArray<readonly [name: string, value: Argument]>
): ReadonlyArray<ReadonlyArray<Argument>> => {
  const pieces: Array<Array<Argument>> = []
  let length = Number.POSITIVE_INFINITY
  for (const [name, value] of pairs) {
    if (length > maxPiece.length || pieces.at(-1)!.length >= 2 * maxPiece.entries) {
      pieces.push([])
      length = 0
    }
    pieces.at(-1)!.push(name, value)
    length += typeof value === "number" ? 0 : value.length
  }
  return pieces
}

/** Returns the call for a part of it that only reads. */
const readPartOf = (call: Call.CompareAndPut): Call.CompareAndPut => ({
  ...call,
  place: Call.beforeWriting(call.place)
})
