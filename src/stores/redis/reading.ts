import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Call from "../../driver/Call.ts"
import { type Entry, isExpired } from "../../Entry.ts"
import type { DeserializationError } from "../../KeyValueError.ts"
import { atNow } from "../../time/atNow.ts"
import type { Coalescer } from "./Coalescer.ts"
import { type Command, type Failure, send, sendMany } from "./commands.ts"
import { type Connection, isCluster } from "./connection.ts"
import { decodeAll, type Form, type Stored, withTime } from "./entries.ts"

const expires = (entry: Entry | undefined): boolean => entry?.expiresAt !== undefined

type Entries = Effect.Effect<ReadonlyArray<Entry | undefined>, Failure | DeserializationError>

/** Reads entries. Uses the coalescer, if there is one, for single keys. */
export const reading = (connection: Connection, form: Form, coalescer: Coalescer | undefined) => {
  const nameOf = ({ collection }: Call.Get, key: string) => form.names.encode(collection, key)

  const getOne = (call: Call.Get, key: string): Entries => {
    const answer = (stored: Stored) => confirmed(call, [stored])
    return coalescer === undefined
      ? send(connection, call, ["getBuffer", nameOf(call, key)], answer)
      : coalescer.get(call, nameOf(call, key), answer)
  }

  const getAll = (call: Call.Get): Entries => {
    const names = call.keys.map((key) => nameOf(call, key))
    const answer = (stored: ReadonlyArray<Stored>) => confirmed(call, stored)
    if (!isCluster(connection.client)) return send(connection, call, ["mgetBuffer", names], answer)
    const all = sendMany<Stored>(
      connection,
      call,
      names.map((name) => ["getBuffer", name])
    )
    return Effect.flatMap(all, answer)
  }

  /** Reads entries with their remaining TTL according to the server. */
  const withTimes = (call: Call.Get): Entries =>
    atNow((before) =>
      Effect.flatMap(
        sendMany<Stored | number>(
          connection,
          call,
          call.keys.flatMap((key): Array<Command> => {
            const name = nameOf(call, key)
            return [
              ["getBuffer", name],
              ["pttlBuffer", name]
            ]
          })
        ),
        (replies) =>
          atNow((after) => {
            const stored = call.keys.map((_, i) => replies[2 * i] as Stored)
            return Effect.fromResult(
              Result.map(decodeAll(call, stored, form), (entries) =>
                entries.map((entry, i) => entry && withTime(entry, Number(replies[2 * i + 1]), { before, after }))
              )
            )
          })
      )
    )

  /**
   * Reads entries again that have expired according to the clock of this process, since the clock of the server
   * decides.
   */
  const confirmed = (call: Call.Get, stored: ReadonlyArray<Stored>): Entries => {
    const decoded = decodeAll(call, stored, form)
    if (Result.isFailure(decoded)) return Effect.fail(decoded.failure)
    const entries = decoded.success
    if (!entries.some(expires)) return Effect.succeed(entries)
    return atNow((now) => {
      const expired = entries.flatMap((entry, i) => (entry !== undefined && isExpired(entry, now) ? [i] : []))
      if (expired.length === 0) return Effect.succeed(entries)
      return Effect.map(withTimes(Call.pick(call, expired)), (exact) => {
        const all = [...entries]
        for (const [i, index] of expired.entries()) all[index] = exact[i]
        return all
      })
    })
  }

  return (call: Call.Get): Entries => {
    if (call.expiry) return withTimes(call)
    const [key] = call.keys
    return call.keys.length === 1 ? getOne(call, key!) : getAll(call)
  }
}
