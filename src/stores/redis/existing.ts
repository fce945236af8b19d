import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"
import type { CallBase } from "../../driver/Call.ts"
import { isExpired } from "../../Entry.ts"
import { atNow } from "../../time/atNow.ts"
import { type Command, type Failure, send, sendMany } from "./commands.ts"
import { type Connection, isCluster } from "./connection.ts"
import type { Form } from "./entries.ts"
import { isForbidden } from "./failures.ts"
import { expired as script } from "./script.ts"

/**
 * An entry that was loaded without its TTL exists for the server when it has expired: here it does not, as it does not for
 * those who read it.
 */
export const existing = (connection: Connection, form: Form) => {
  /** How many of the keys with these names there were, and the names of those that have expired. */
  const ask = (call: CallBase, names: ReadonlyArray<string>, args: ReadonlyArray<"UNLINK">) =>
    atNow((now) => {
      const pieces = piecesOf(names, isCluster(connection.client) ? 1 : maxNames)
      const commands = pieces.map((piece): Command => [script, piece.length, piece, headLength(piece), ...args])
      return Effect.map(sendAll<Reply>(call, commands), (replies) => {
        let removed = 0
        const expired = new Set<string>()
        for (const [i, [count, found]] of replies.entries()) {
          removed += Number(count)
          for (let at = 0; at < found.length; at += 2) {
            if (hasExpired(found[at + 1] as Buffer, now)) expired.add(pieces[i]![Number(found[at]) - 1]!)
          }
        }
        return { removed, expired }
      })
    })

  const sendAll = <A>(call: CallBase, commands: ReadonlyArray<Command>) =>
    commands.length === 1
      ? send(connection, call, commands[0]!, (reply: A) => Exit.succeed([reply]))
      : sendMany<A>(connection, call, commands)

  const hasExpired = (stored: Buffer, now: number): boolean => {
    const decoded = managedEntry.decode(stored, form)
    return Result.isSuccess(decoded) && isExpired(decoded.success.entry, now)
  }

  return {
    /** Those of the names that have an entry. */
    of: (call: CallBase, names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, Failure> =>
      names.length === 0
        ? Effect.succeed(names)
        : ask(call, names, []).pipe(
            Effect.map(({ expired }) => (expired.size === 0 ? names : names.filter((name) => !expired.has(name)))),
            Effect.catchIf(isForbidden, () => Effect.succeed(names))
          ),

    /** Removes keys, and answers how many entries there were. */
    remove: (call: CallBase, names: ReadonlyArray<string>): Effect.Effect<number, Failure> =>
      ask(call, names, ["UNLINK"]).pipe(
        Effect.map(({ removed, expired }) => removed - expired.size),
        Effect.catchIf(isForbidden, () => removeAll(call, names))
      )
  }

  /** Where scripts are not allowed, what the server has counts. */
  function removeAll(call: CallBase, names: ReadonlyArray<string>): Effect.Effect<number, Failure> {
    const pieces = piecesOf(names, isCluster(connection.client) ? 1 : maxNames)
    return Effect.map(
      sendAll<number>(
        call,
        pieces.map((piece) => ["unlinkBuffer", piece])
      ),
      (counts) => counts.reduce((sum, count) => sum + Number(count), 0)
    )
  }
}

type Reply = readonly [removed: number, found: ReadonlyArray<number | Buffer>]

/** How many names one command has at most, since it keeps all others waiting. */
const maxNames = 1000

const piecesOf = (names: ReadonlyArray<string>, size: number): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from({ length: Math.ceil(names.length / size) }, (_, i) => names.slice(i * size, (i + 1) * size))

/** Within how many bytes a value has its expiry: only the collection, whose characters may be escaped, comes before. */
const headLength = (names: ReadonlyArray<string>): number =>
  128 + 6 * names.reduce((length, name) => Math.max(length, name.length), 0)
