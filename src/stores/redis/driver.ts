import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { type Entry, isExpired } from "../../Entry.ts"
import { DeserializationError } from "../../KeyValueError.ts"
import { type Command, type Failure, send, sendMany } from "./commands.ts"
import { type Connection, isCluster } from "./connection.ts"
import { afterApplied } from "./failures.ts"
import type { Names } from "./names.ts"
import { type Cursor, scan } from "./scan.ts"
import { replace } from "./script.ts"

/** What the server holds for a key: the stored form, and what PTTL said if it was asked. */
interface Stored {
  readonly bytes: Buffer | null
  readonly pttl?: number
}

/** How entries are named and written. */
export interface Form {
  readonly names: Names
  readonly defaultCollection: string
  readonly format: managedEntry.Format
  readonly exact: boolean
}

export const driver = (connection: Connection, form: Form) => {
  const { names, defaultCollection, exact } = form
  const namesOf = ({ collection, keys }: { readonly collection: string; readonly keys: ReadonlyArray<string> }) =>
    keys.map((key) => names.encode(collection, key))

  /** The stored forms only. */
  const values = (call: Call.Get): Effect.Effect<ReadonlyArray<Stored>, Failure> => {
    const all = namesOf(call)
    const toStored = (replies: ReadonlyArray<Buffer | null>) => replies.map((bytes) => ({ bytes }))
    return all.length > 1 && !isCluster(connection.client)
      ? Effect.map(send<ReadonlyArray<Buffer | null>>(connection, call.place, ["mget", all]), toStored)
      : Effect.map(
          sendMany<Buffer | null>(
            connection,
            call.place,
            all.map((name) => ["get", name])
          ),
          toStored
        )
  }

  /** The stored forms with the time that each has left on the server. */
  const withTimes = (call: Call.Get): Effect.Effect<ReadonlyArray<Stored>, Failure> =>
    Effect.map(
      sendMany<Buffer | number | null>(
        connection,
        call.place,
        namesOf(call).flatMap(
          (name): Array<Command> => [
            ["get", name],
            ["pttl", name]
          ]
        )
      ),
      (replies) =>
        call.keys.map((_, i) => ({ bytes: replies[2 * i] as Buffer | null, pttl: Number(replies[2 * i + 1]) }))
    )

  /** Reads values; of those that seem to have expired by our clock, asks the server, whose clock it is that counts. */
  const read = (call: Call.Get, now: number): Effect.Effect<ReadonlyArray<Entry | undefined>, GetError> =>
    Effect.flatMapEager(call.expiry ? withTimes(call) : values(call), (stored) => {
      const entries = decodeAll(call, stored, now, form)
      if (Result.isFailure(entries)) return Effect.fail(entries.failure)
      const doubtful = call.expiry ? [] : call.keys.flatMap((_, i) => (isDoubtful(entries.success[i], now) ? [i] : []))
      return doubtful.length === 0
        ? Effect.succeed(entries.success)
        : Effect.map(read({ ...Call.pick(call, doubtful), expiry: true }, now), (exact) => {
            const settled = [...entries.success]
            for (const [i, index] of doubtful.entries()) settled[index] = exact[i]
            return settled
          })
    })

  const remove = (call: { readonly place: Call.Call["place"] }, all: ReadonlyArray<string>) =>
    all.length > 1 && isCluster(connection.client)
      ? Effect.map(
          sendMany<number>(
            connection,
            call.place,
            all.map((name) => ["unlink", name])
          ),
          (counts) => counts.reduce((sum, count) => sum + Number(count), 0)
        )
      : Effect.map(send<number>(connection, call.place, ["unlink", all]), Number)

  /** Writes a key that has no entry. What was loaded without a TTL and has expired since is none, and is replaced. */
  const putIfAbsent = (call: Call.CompareAndPut, name: string, args: ReadonlyArray<Argument>, now: number) =>
    Effect.flatMap(send<unknown>(connection, call.place, ["set", name, ...asOptions(args), "NX"]), (reply) =>
      reply !== null
        ? Effect.succeed(true)
        : Effect.flatMap(
            sendMany<Buffer | number | null>(connection, call.place, [
              ["get", name],
              ["pttl", name]
            ]),
            ([bytes, pttl]) => {
              const found = bytes instanceof Buffer ? managedEntry.decode(bytes, form) : undefined
              return found !== undefined &&
                Result.isSuccess(found) &&
                isExpired(found.success.entry, now) &&
                Number(pttl) === -1
                ? replace(connection, call.place, name, bytes as Buffer, args)
                : Effect.succeed(false)
            }
          )
    )

  return {
    system: "redis",
    defaultCollection,
    exact,

    get: (call) => atNow((now) => read(call, now)),

    put: (call) =>
      atNow((now) =>
        Effect.asVoid(
          sendMany(
            connection,
            call.place,
            call.keys.map((key, i) => [
              "set",
              names.encode(call.collection, key),
              ...asOptions(encode(call.collection, key, call.entries[i]!, now, form))
            ])
          )
        )
      ),

    delete: (call) => remove(call, namesOf(call)),

    compareAndPut: (call) =>
      atNow((now) => {
        const key = call.keys[0]!
        const name = names.encode(call.collection, key)
        const args = call.entry === undefined ? [] : encode(call.collection, key, call.entry, now, form)
        if (call.expected !== undefined) {
          return replace(connection, call.place, name, call.expected as Buffer, args)
        }
        return call.entry === undefined
          ? Effect.map(send<number>(connection, call.place, ["exists", name]), (count) => Number(count) === 0)
          : putIfAbsent(call, name, args, now)
      }),

    keys: (call) => {
      const skipped = names.encode(call.collection, "").length
      return Effect.map(
        scan(connection, call.place, names.encode(call.collection, call.prefix), at(call)),
        ({ names: found, next, isRepeated }) => ({
          names: found.filter((name) => !isRepeated(name)).map((name) => name.slice(skipped)),
          next
        })
      )
    },

    collections: (call) =>
      Effect.map(
        scan(connection, call.place, names.startOfAll(call.prefix), at(call)),
        ({ names: found, next, isRepeated }) => {
          const collections = new Set(
            found.flatMap((name) => {
              const pair = names.decode(name)
              return pair?.[1].startsWith(call.keyPrefix) ? [pair[0]] : []
            })
          )
          return { names: [...collections].filter((name) => !isRepeated(name)), next }
        }
      ),

    clear: (call) => {
      const { collection, keyPrefix } = call
      const start =
        "name" in collection ? names.encode(collection.name, keyPrefix) : names.startOfAll(collection.prefix)
      const isOurs = (name: string) => "name" in collection || names.decode(name)?.[1].startsWith(keyPrefix) === true
      return Effect.mapError(
        Effect.flatMap(
          scan(connection, call.place, start, at({ cursor: call.cursor, pageSize: 1000 })),
          ({ names: found, next }) => {
            const ours = found.filter(isOurs)
            return ours.length === 0
              ? Effect.succeed({ count: 0, next })
              : Effect.map(remove(call, ours), (count) => ({ count, next }))
          }
        ),
        (failure) => (call.cursor === undefined ? failure : afterApplied(failure))
      )
    },

    removeExpired: () => Effect.succeed({ count: 0, next: undefined })
  } satisfies Driver
}

type Argument = string | Buffer | number

type GetError = Failure | DeserializationError

const atNow = <A, E>(f: (now: number) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.clockWith((clock) => f(clock.currentTimeMillisUnsafe()))

const at = (call: { readonly cursor: Call.Cursor; readonly pageSize: number }) => ({
  cursor: call.cursor as Cursor | undefined,
  pageSize: call.pageSize
})

/** The stored form, and the milliseconds that it has left if it expires. */
const encode = (collection: string, key: string, entry: Entry, now: number, form: Form): ReadonlyArray<Argument> => {
  const stored = managedEntry.encode(collection, key, entry, { format: form.format, frameNames: false })
  const value = typeof stored === "string" ? stored : Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  return entry.expiresAt === undefined ? [value] : [value, Math.max(Math.round(entry.expiresAt - now), 1)]
}

/** What {@link encode} gives, as arguments of SET. */
const asOptions = ([value, millis]: ReadonlyArray<Argument>): ReadonlyArray<Argument> =>
  millis === undefined ? [value!] : [value!, "PX", millis]

const decodeAll = (
  call: Call.Get,
  stored: ReadonlyArray<Stored>,
  now: number,
  form: Form
): Result.Result<ReadonlyArray<Entry | undefined>, DeserializationError> => {
  const entries: Array<Entry | undefined> = []
  for (const [i, { bytes, pttl }] of stored.entries()) {
    const decoded = bytes === null ? undefined : managedEntry.decode(bytes, form)
    if (decoded !== undefined && Result.isFailure(decoded)) {
      return Result.fail(new DeserializationError({ ...Call.placeOf(call, i), reason: decoded.failure }))
    }
    const entry = decoded && withTime(decoded.success.entry, pttl, now)
    entries.push(entry && call.versioned ? { ...entry, version: bytes } : entry)
  }
  return Result.succeed(entries)
}

const isDoubtful = (entry: Entry | undefined, now: number): boolean => entry !== undefined && isExpired(entry, now)

/**
 * The entry with the time that the server gives it. Where the server has none (it was loaded without), the one that is
 * written in the entry holds.
 */
const withTime = (entry: Entry, pttl: number | undefined, now: number): Entry | undefined => {
  if (pttl === undefined) return entry
  if (pttl > 0) return { ...entry, expiresAt: now + pttl }
  return pttl === -1 && !isExpired(entry, now) ? entry : undefined
}
