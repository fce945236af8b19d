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
 * Which names have an entry. One that was loaded without its TTL stays in the server after it has expired. Reads do not
 * return it, so it does not count here either.
 */
export const existing = (connection: Connection, form: Form) => {
  /** How many of the keys with these names there were, and the names of those that have expired. */
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
    /** The names that have an entry. */
    withEntry: (call: CallBase, names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, Failure> =>
      names.length === 0
        ? Effect.succeed(names)
        : ask(call, names, []).pipe(
            Effect.map(({ expired }) => (expired.size === 0 ? names : names.filter((name) => !expired.has(name)))),
            Effect.catchIf(isWithoutScripts, () => Effect.succeed(names))
          ),

    /** Removes keys, and returns how many entries there were. */
    remove: (call: CallBase, names: ReadonlyArray<string>): Effect.Effect<number, Failure> =>
      ask(call, names, ["UNLINK"]).pipe(
        Effect.map(({ removed, expired }) => removed - expired.size),
        Effect.catchIf(isWithoutScripts, () => removeAll(call, names))
      )
  }

  /** Where scripts are not allowed, all keys of the server count, expired entries included. */
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

/** The most names of one command: all other commands wait for it. */
const maxNames = 1000

/** Within how many bytes a value has its expiry: only the collection, whose characters may be escaped, comes before. */
const headLength = (names: ReadonlyArray<string>): number =>
  128 + 6 * names.reduce((length, name) => Math.max(length, name.length), 0)
