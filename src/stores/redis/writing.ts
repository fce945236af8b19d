import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"
import type * as Call from "../../driver/Call.ts"
import { isExpired } from "../../Entry.ts"
import { atNow } from "../../internal/atNow.ts"
import { type Argument, type Command, type Failure, send, sendMany } from "./commands.ts"
import { type Connection, isCluster } from "./connection.ts"
import { encode, expiryOf, type Form, millisLeft, type Stored } from "./entries.ts"
import { replace } from "./script.ts"

/** The most entries, and about the most characters, that one command writes: it keeps all others waiting. */
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

  /** Entries without a TTL are written by as few commands as can be. */
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

  const remove = (call: Call.CallBase, names: ReadonlyArray<string>): Effect.Effect<number, Failure> =>
    names.length > 1 && isCluster(connection.client)
      ? Effect.map(
          sendMany<number>(
            connection,
            call,
            names.map((name) => ["unlinkBuffer", name])
          ),
          (counts) => counts.reduce((sum, count) => sum + Number(count), 0)
        )
      : send(connection, call, ["unlinkBuffer", names], (count) => Exit.succeed(Number(count)))

  /** Writes a key that has no entry. What was loaded without a TTL and has expired since is none, and is replaced. */
  const putIfAbsent = (
    call: Call.CompareAndPut,
    name: string,
    entry: NonNullable<Call.CompareAndPut["entry"]>,
    now: number
  ): Effect.Effect<boolean, Failure> => {
    const value = encode(call, 0, entry, form)
    const set: Command = ["setBuffer", name, value, ...expiryOf(entry, now), "NX"]
    return send(connection, call, set, (reply: unknown) =>
      reply !== null
        ? Effect.succeed(true)
        : Effect.flatMap(
            sendMany<Stored | number>(connection, call, [
              ["getBuffer", name],
              ["pttlBuffer", name]
            ]),
            ([bytes, pttl]) => {
              const found = bytes instanceof Buffer ? managedEntry.decode(bytes, form) : undefined
              return found !== undefined &&
                Result.isSuccess(found) &&
                isExpired(found.success.entry, now) &&
                Number(pttl) === -1
                ? replace(connection, call, name, bytes as Buffer, replacement(value, entry.expiresAt, now))
                : Effect.succeed(false)
            }
          )
    )
  }

  const compareAndPut = (call: Call.CompareAndPut): Effect.Effect<boolean, Failure> =>
    atNow((now) => {
      const { entry, expected } = call
      const name = nameOf(call, 0)
      if (expected !== undefined) {
        const args = entry === undefined ? [] : replacement(encode(call, 0, entry, form), entry.expiresAt, now)
        return replace(connection, call, name, expected as Buffer, args)
      }
      return entry === undefined
        ? send(connection, call, ["existsBuffer", name], (count: number) => Exit.succeed(Number(count) === 0))
        : putIfAbsent(call, name, entry, now)
    })

  return {
    put: (call: Call.Put) => (call.keys.length === 1 ? putOne(call) : putAll(call)),
    remove,
    compareAndPut
  }
}

const done = () => Exit.void

/** What the script writes: the stored form, and the milliseconds that it has left if it expires. */
const replacement = (value: Argument, expiresAt: number | undefined, now: number): ReadonlyArray<Argument> =>
  expiresAt === undefined ? [value] : [value, millisLeft(expiresAt, now)]

/** Names and values in turn, in pieces of a size that the server is not busy with for long. */
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
