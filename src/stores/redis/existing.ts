import * as Arr from "effect/Array"
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
import { isWithoutScripts } from "./failures.ts"
import { expired as script } from "./script.ts"

/**
 * Finds the names that have an entry. If an entry was loaded into Redis without its TTL, Redis keeps it after it has
 * expired. Reads do not return such an entry, so it does not count as existing here.
 */
export const existing = (connection: Connection, form: Form) => {
  /** Returns the number of removed keys (with `"UNLINK"`), and the names of entries that have expired. */
  const ask = (call: CallBase, names: ReadonlyArray<string>, args: ReadonlyArray<"UNLINK">) =>
    atNow((now) => {
      const pieces = Arr.chunksOf(names, isCluster(connection.client) ? 1 : maxNames)
      const commands = pieces.map((piece): Command => [script, piece.length, piece, headLength(piece), ...args])
      return Effect.map(sendAll<Reply>(call, commands), (replies) => {
        let removed = 0
        const expired = new Set<string>()
        for (const [i, [count, found]] of replies.entries()) {
          removed += Number(count)
          for (let at = 0; at < found.length; at += 2) {
            if (isExpiredEntry(found[at + 1] as Buffer, now)) expired.add(pieces[i]![Number(found[at]) - 1]!)
          }
        }
        return { removed, expired }
      })
    })

  const sendAll = <A>(call: CallBase, commands: ReadonlyArray<Command>) =>
    commands.length === 1
      ? send(connection, call, commands[0]!, (reply: A) => Exit.succeed([reply]))
      : sendMany<A>(connection, call, commands)

  const isExpiredEntry = (stored: Buffer, now: number): boolean => {
    const decoded = managedEntry.decode(stored, form)
    return Result.isSuccess(decoded) && isExpired(decoded.success.entry, now)
  }

  return {
    /** Returns the names that have an entry. */
    withEntry: (call: CallBase, names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, Failure> =>
      names.length === 0
        ? Effect.succeed(names)
        : ask(call, names, []).pipe(
            Effect.map(({ expired }) => (expired.size === 0 ? names : names.filter((name) => !expired.has(name)))),
            Effect.catchIf(isWithoutScripts, () => Effect.succeed(names))
          ),

    /** Removes keys, and returns how many of them had an entry. */
    remove: (call: CallBase, names: ReadonlyArray<string>): Effect.Effect<number, Failure> =>
      ask(call, names, ["UNLINK"]).pipe(
        Effect.map(({ removed, expired }) => removed - expired.size),
        Effect.catchIf(isWithoutScripts, () => removeAll(call, names))
      )
  }

  /** Removes keys without a script. So its count includes expired entries. */
  function removeAll(call: CallBase, names: ReadonlyArray<string>): Effect.Effect<number, Failure> {
    const pieces = Arr.chunksOf(names, isCluster(connection.client) ? 1 : maxNames)
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

/** The maximum number of names in one command. The server runs no other command meanwhile. */
const maxNames = 1000

/** Returns the number of bytes that contain the expiry. Only the collection, possibly escaped, precedes the expiry. */
const headLength = (names: ReadonlyArray<string>): number =>
  128 + 6 * names.reduce((length, name) => Math.max(length, name.length), 0)
