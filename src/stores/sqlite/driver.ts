import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"
import { inSlices } from "../../concurrency/slices.ts"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import type { Extent } from "../../driver/extents.ts"
import type { Entry } from "../../Entry.ts"
import { DeserializationError } from "../../KeyValueError.ts"
import * as utf8 from "../../value/utf8.ts"
import { Expired } from "./Expired.ts"
import { closedError, isFull, isOutOfRange, toError } from "./errors.ts"
import { type Attempt, whenFree } from "./patience.ts"
import { next, nextBytes, type Range, startingWith } from "./range.ts"
import { shrink, shrinking } from "./shrinking.ts"
import type { EntryRow, ExpiredRow, KeyRow, Statements } from "./statements.ts"
import type { Transactions } from "./transaction.ts"

/** The most rows that one call looks at or removes, so that the event loop is not held up for long. */
const maxPage = 1000

export interface Connection {
  /** Whether the layer has closed the connection. */
  readonly isClosed: () => boolean
  readonly statements: Statements
  readonly transactions: Transactions
  /** A number that no other writer of the table has or had. */
  readonly writer: number
  readonly busyTimeout: number
  readonly defaultCollection: string
  /** The table, in the file or, if there is none, in this connection. */
  readonly extent: Extent
  /** Whether the file may be shrunk, and its log emptied: not those of a connection that somebody else opened. */
  readonly shrinks: boolean
}

export const driver = (connection: Connection) => {
  const { isClosed, statements, transactions, writer, busyTimeout, defaultCollection, extent, shrinks } = connection
  const expired = new Expired(statements.removeExpired)
  let written = 0
  /** Never the same twice, not even for a key that was deleted in between. */
  const nextVersion = () => `${writer}.${++written}`

  const run = <A, B, E, E2 = ReturnType<typeof toError>>(
    call: Call.Call,
    attempt: Attempt<A>,
    done: (answer: A, now: number) => Effect.Effect<B, E>,
    failure: (cause: unknown) => E2 | ReturnType<typeof toError> = (cause) => toError(call, cause)
  ) =>
    whenFree<A, B, E | E2 | ReturnType<typeof toError>>(
      attempt,
      { millis: busyTimeout, deadline: call.deadline },
      done,
      (cause) => (isClosed() ? closedError(call, cause) : failure(cause))
    )

  /** The same write, once more after expired entries were removed if the database is full. */
  const makingRoom =
    <A>(attempt: Attempt<A>): Attempt<A> =>
    (now) => {
      const result = attempt(now)
      if (Result.isSuccess(result) || !isFull(result.failure)) return result
      // The log is emptied first: on a full disk it has no room for what is removed.
      Result.try(() => statements.checkpoint.all())
      return expired.removeSome(now) === 0 ? result : attempt(now)
    }

  /** One statement is a transaction of its own. */
  const alone =
    <A>(step: (now: number) => A): Attempt<A> =>
    (now) =>
      Result.try(() => step(now))
  const reading =
    <A>(step: (now: number) => A): Attempt<A> =>
    (now) =>
      transactions.reading(() => step(now))
  const writing =
    <A>(step: (now: number) => A): Attempt<A> =>
    (now) =>
      transactions.writing(() => step(now))
  const removed = (answer: Call.Removed): Effect.Effect<Call.Removed> =>
    page(answer.next === undefined && shrinks ? { ...answer, next: shrinking } : answer)
  const many = (call: { readonly keys: ReadonlyArray<string> }) => call.keys.length > 1

  return {
    system: "sqlite",
    prefersText: true,
    defaultCollection,
    extents: [extent],

    get: (call) => {
      const step = (now: number) =>
        call.keys.map((key) => statements.get.get(call.collection, key, now) as unknown as EntryRow | undefined)
      return run(
        call,
        many(call) ? reading(step) : alone(step),
        (rows) => decodeAll(call, rows),
        (cause) => (isOutOfRange(cause) ? outOfRange(call) : toError(call, cause))
      )
    },

    put: (call) =>
      Effect.suspend(() => {
        const stored: Array<string | Uint8Array> = []
        const encodeSlice = (from: number, to: number): void => {
          for (let i = from; i < to; i++) stored.push(encode(call.collection, call.keys[i]!, call.entries[i]!))
        }
        const step = () => {
          for (let i = 0; i < stored.length; i++) {
            const expiresAt = expiryOf(call.entries[i]!)
            statements.put.run(call.collection, call.keys[i]!, expiresAt, nextVersion(), stored[i]!)
          }
        }
        const write = (isAlone: boolean) =>
          run(call, makingRoom(isAlone ? alone(step) : writing(step)), (_, now) =>
            expired.sweepAfter(stored.length, now)
          )
        if (many(call))
          return Effect.andThen(
            inSlices(call.keys.length, (from, to) => Effect.sync(() => encodeSlice(from, to))),
            write(false)
          )
        encodeSlice(0, 1)
        return write(true)
      }),

    delete: (call) => {
      const step = (now: number) => {
        let count = 0
        for (const key of call.keys) count += Number(statements.delete.run(call.collection, key, now).changes)
        return count
      }
      return run(call, many(call) ? writing(step) : alone(step), Effect.succeed)
    },

    atomic: {
      compareAndPut: (call) =>
        run(call, makingRoom(alone((now) => compareAndPut(statements, call, nextVersion, now))), (done, now) =>
          done && call.entry !== undefined ? Effect.as(expired.sweepAfter(1, now), done) : Effect.succeed(done)
        )
    },
    listing: {
      keys: (call) => {
        const range = resumed(startingWith(call.prefix), call.cursor)
        return range === undefined
          ? nothingListed
          : run(
              call,
              alone((now) => listKeys(statements, call, range, now)),
              page
            )
      },

      collections: (call) => {
        const names = resumed(startingWith(call.prefix), call.cursor)
        const keys = startingWith(call.keyPrefix)
        return names === undefined || keys === undefined
          ? nothingListed
          : run(
              call,
              reading((now) => listCollections(statements, call, names, keys, now)),
              page
            )
      }
    },
    maintenance: {
      clear: (call) => {
        if (call.cursor === shrinking) return shrink(statements)
        const { collection } = call
        const names = "name" in collection ? only(collection.name) : startingWith(collection.prefix)
        const remaining = resumed(names, call.cursor)
        const keys = startingWith(call.keyPrefix)
        return remaining === undefined || keys === undefined
          ? nothingRemoved
          : run(
              call,
              writing((now) => clearPage(statements, remaining, keys, now)),
              removed
            )
      },

      removeExpired: (call) => {
        if (call.cursor === shrinking) return shrink(statements)
        const { selects } = call
        if (selects === undefined) {
          return run(
            call,
            alone((now) => Number(statements.removeExpired.run(now, maxPage).changes)),
            (count) => removed({ count, next: count < maxPage ? undefined : true })
          )
        }
        const [expiresAt, row] = (call.cursor ?? [Number.MIN_SAFE_INTEGER, 0]) as readonly [number, number]
        return run(
          call,
          alone((now) => statements.expired.all(now, expiresAt, row, maxPage) as unknown as ReadonlyArray<ExpiredRow>),
          (rows) =>
            Effect.suspend(() => {
              const selected = rows.filter(([, , collection, key]) =>
                isSelected(selects, nameOf(collection), nameOf(key))
              )
              const next = rows.length < maxPage ? undefined : rows[rows.length - 1]!.slice(0, 2)
              return run(
                call,
                writing((now) => {
                  let count = 0
                  for (const [, row] of selected) count += Number(statements.removeIfExpired.run(row, now).changes)
                  return count
                }),
                (count) => removed({ count, next })
              )
            })
        )
      }
    }
  } satisfies Driver
}

/** The answer with a page. The event loop goes on before the next one is asked for. */
const page = <P extends { readonly next: unknown }>(answer: P): Effect.Effect<P> =>
  answer.next === undefined ? Effect.succeed(answer) : Effect.as(Effect.yieldNow, answer)

const nothingListed = Effect.succeed<Call.Page>({ names: [], next: undefined })

const nothingRemoved = Effect.succeed<Call.Removed>({ count: 0, next: undefined })

const decodeAll = (
  call: Call.Get,
  rows: ReadonlyArray<EntryRow | undefined>
): Effect.Effect<ReadonlyArray<Entry | undefined>, DeserializationError> => {
  if (rows.length === 1) return Effect.fromResult(Result.map(decode(call, rows[0], 0), (entry) => [entry]))
  const entries: Array<Entry | undefined> = []
  const decodeSlice = (from: number, to: number): Effect.Effect<void, DeserializationError> => {
    for (let i = from; i < to; i++) {
      const entry = decode(call, rows[i], i)
      if (Result.isFailure(entry)) return Effect.fail(entry.failure)
      entries.push(entry.success)
    }
    return Effect.void
  }
  return Effect.as(inSlices(rows.length, decodeSlice), entries)
}

const decode = (
  call: Call.Get,
  row: EntryRow | undefined,
  index: number
): Result.Result<Entry | undefined, DeserializationError> => {
  if (row === undefined) return missing
  const [stored, expiresAt, version] = row
  const failure = (reason: string) => Result.fail(new DeserializationError({ ...Call.placeOf(call, index), reason }))
  const decoded = managedEntry.decode(stored)
  if (Result.isFailure(decoded)) return failure(decoded.failure)
  if (call.versioned && version.includes("\uFFFD")) {
    return failure("the version of its row is not UTF-8, so that it cannot be told from another")
  }
  const { payload, createdAt } = decoded.success.entry
  return Result.succeed({ payload, createdAt, expiresAt: expiresAt ?? undefined, version })
}

const missing = Result.succeed(undefined)

const outOfRange = ({ place }: Call.Get): DeserializationError =>
  new DeserializationError({ ...place, reason: "its row holds an integer that is larger than JavaScript's" })

const encode = (collection: string, key: string, entry: Entry): string | Uint8Array =>
  managedEntry.encode(collection, key, entry, { frameNames: false })

/** The column holds whole milliseconds. */
const expiryOf = ({ expiresAt }: Entry): number | null => (expiresAt === undefined ? null : Math.floor(expiresAt))

const compareAndPut = (
  statements: Statements,
  { collection, keys, entry, expected }: Call.CompareAndPut,
  nextVersion: () => string,
  now: number
): boolean => {
  const key = keys[0]!
  if (entry === undefined) {
    return expected === undefined
      ? statements.get.get(collection, key, now) === undefined
      : hasChanged(statements.deleteIfVersion.run(collection, key, now, expected as string))
  }
  const stored = encode(collection, key, entry)
  const expiresAt = expiryOf(entry)
  return hasChanged(
    expected === undefined
      ? statements.putIfAbsent.run(collection, key, expiresAt, nextVersion(), stored, now)
      : statements.putIfVersion.run(collection, key, expiresAt, nextVersion(), stored, now, expected as string)
  )
}

const hasChanged = ({ changes }: { readonly changes: number | bigint }): boolean => changes > 0

/** The one name. */
const only = (name: string): Range => ({ from: name, to: next(name) })

/** What is left of a range, from the name that the page before left off at. */
const resumed = (range: Range | undefined, cursor: Call.Cursor): Range | undefined =>
  range && cursor !== undefined ? { ...range, from: cursor as Range["from"] } : range

/** Looks at a page of keys, expired ones included, so that a page's work is bounded. */
const listKeys = (statements: Statements, call: Call.Keys, range: Range, now: number): Call.Page => {
  const pageSize = Math.min(call.pageSize, maxPage)
  const rows = statements.keys.all(
    call.collection,
    range.from,
    range.to,
    pageSize,
    now
  ) as unknown as ReadonlyArray<KeyRow>
  return {
    names: rows.flatMap(([key, live]) => (live === 1 ? (nameOf(key) ?? []) : [])),
    next: rows.length < pageSize ? undefined : nextBytes(rows[rows.length - 1]![0])
  }
}

/** `undefined` for bytes that are no UTF-8, and so no name that a call can have. */
const nameOf = (bytes: Uint8Array): string | undefined =>
  Result.getOrUndefined(Result.try(() => utf8.decodeUnsafe(bytes)))

const isSelected = (
  selects: NonNullable<Call.RemoveExpired["selects"]>,
  collection: string | undefined,
  key: string | undefined
): boolean => collection !== undefined && key !== undefined && selects(collection, key)

const firstCollection = (statements: Statements, { from, to }: Range): Uint8Array | undefined =>
  (statements.firstCollection.get(from, to) as unknown as readonly [Uint8Array] | undefined)?.[0]

/** Skips from one collection to the next, whatever the number of keys in between. */
const listCollections = (
  statements: Statements,
  call: Call.Collections,
  range: Range,
  keys: Range,
  now: number
): Call.Page => {
  const names: Array<string> = []
  let from = range.from
  for (let i = 0; i < Math.min(call.pageSize, maxPage); i++) {
    const bytes = firstCollection(statements, { ...range, from })
    if (bytes === undefined) return { names, next: undefined }
    const name = nameOf(bytes)
    if (name !== undefined && statements.hasKey.get(name, keys.from, keys.to, now) !== undefined) names.push(name)
    from = nextBytes(bytes)
  }
  return { names, next: from }
}

/** Removes a page of entries, from as many collections as that takes; counts those that had not expired. */
const clearPage = (statements: Statements, range: Range, keys: Range, now: number): Call.Removed => {
  let count = 0
  let from = range.from
  for (let budget = maxPage; budget > 0; ) {
    const bytes = firstCollection(statements, { ...range, from })
    if (bytes === undefined) return { count, next: undefined }
    const name = nameOf(bytes)
    const removed =
      name === undefined
        ? []
        : (statements.clear.all(name, keys.from, keys.to, budget, now) as unknown as ReadonlyArray<readonly [0 | 1]>)
    for (const [live] of removed) count += live
    from = removed.length < budget ? nextBytes(bytes) : bytes
    budget -= Math.max(removed.length, 1)
  }
  return { count, next: from }
}
