import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { inSlices } from "../../concurrency/slices.ts"
import type * as Call from "../../driver/Call.ts"
import { decide } from "../../driver/counter.ts"
import type { Driver } from "../../driver/Driver.ts"
import { isOutOfRange } from "./errors.ts"
import { clearPage, listCollections, listKeys, maxPage } from "./listing.ts"
import type { Attempt } from "./patience.ts"
import { type Connection, Runner } from "./Runner.ts"
import { only, resumed, startingWith } from "./range.ts"
import { decode, decodeAll, encode, expiryOf, nameOf, outOfRange } from "./rows.ts"
import { shrink, shrinking } from "./shrinking.ts"
import type { EntryRow, ExpiredRow } from "./statements.ts"

export const driver = (connection: Connection) => {
  const { statements, defaultCollection, extent, shrinks } = connection
  const runner = new Runner(connection)
  const removed = (result: Call.Removed): Effect.Effect<Call.Removed> =>
    page(result.next === undefined && shrinks ? { ...result, next: shrinking } : result)

  const compareAndPut = ({ collection, keys, entry, expected }: Call.CompareAndPut, now: number): boolean => {
    const key = keys[0]!
    if (entry === undefined) {
      return expected === undefined
        ? statements.get.get(collection, key, now) === undefined
        : hasChanged(statements.deleteIfVersion.run(collection, key, now, expected as string))
    }
    const row = [collection, key, expiryOf(entry), runner.nextVersion(), encode(collection, key, entry), now] as const
    return hasChanged(
      expected === undefined
        ? statements.putIfAbsent.run(...row)
        : statements.putIfVersion.run(...row, expected as string)
    )
  }

  /** The transaction has the write lock, so no other connection can write in between. */
  const increment = (call: Call.Increment, now: number): Call.Incremented => {
    const { collection } = call
    const key = call.keys[0]!
    const row = statements.get.get(collection, key, now) as EntryRow | undefined
    const current = decode(call, row, 0)
    const decided = Result.isFailure(current) ? undefined : decide(current.success, call, now)
    if (decided?.entry !== undefined) {
      const { entry } = decided
      statements.put.run(collection, key, expiryOf(entry), runner.nextVersion(), encode(collection, key, entry))
    }
    return decided?.result
  }

  return {
    system: "sqlite",
    prefersText: true,
    defaultCollection,
    extents: [extent],

    get: (call) => {
      const step = (now: number) =>
        call.keys.map((key) => statements.get.get(call.collection, key, now) as EntryRow | undefined)
      const read = unlessOutOfRange(isBatch(call) ? runner.reading(step) : runner.single(step))
      return runner.run(call, read, (rows) =>
        rows === undefined ? Effect.fail(outOfRange(call)) : decodeAll(call, rows)
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
            statements.put.run(call.collection, call.keys[i]!, expiresAt, runner.nextVersion(), stored[i]!)
          }
        }
        const write = (attempt: Attempt<void>) =>
          runner.run(call, runner.makingRoom(attempt), (_, now) => runner.expired.sweepAfter(stored.length, now))
        if (isBatch(call)) {
          const encodeAll = inSlices(call.keys.length, (from, to) => Effect.sync(() => encodeSlice(from, to)))
          return Effect.andThen(encodeAll, write(runner.writing(step)))
        }
        encodeSlice(0, 1)
        return write(runner.single(step))
      }),

    delete: (call) => {
      const step = (now: number) => {
        let count = 0
        for (const key of call.keys) count += Number(statements.delete.run(call.collection, key, now).changes)
        return count
      }
      return runner.run(call, isBatch(call) ? runner.writing(step) : runner.single(step), Effect.succeed)
    },

    atomic: {
      compareAndPut: (call) =>
        runner.run(call, runner.makingRoom(runner.single((now) => compareAndPut(call, now))), (done, now) =>
          done && call.entry !== undefined ? Effect.as(runner.expired.sweepAfter(1, now), done) : Effect.succeed(done)
        ),
      increment: (call) =>
        runner.run(
          call,
          runner.makingRoom(unlessOutOfRange(runner.writing((now) => increment(call, now)))),
          (result, now) =>
            result?.applied ? Effect.as(runner.expired.sweepAfter(1, now), result) : Effect.succeed(result)
        )
    },
    listing: {
      keys: (call) => {
        const keys = resumed(startingWith(call.prefix), call.cursor)
        const step = (now: number) => listKeys(statements, call, keys, now)
        return runner.run(call, runner.single(step), page)
      },

      collections: (call) => {
        const collections = resumed(startingWith(call.prefix), call.cursor)
        const step = (now: number) => listCollections(statements, call, collections, startingWith(call.keyPrefix), now)
        return runner.run(call, runner.reading(step), page)
      }
    },
    maintenance: {
      clear: (call) => {
        if (call.cursor === shrinking) return shrink(statements)
        const { collection } = call
        const all = "name" in collection ? only(collection.name) : startingWith(collection.prefix)
        const collections = resumed(all, call.cursor)
        const step = (now: number) => clearPage(statements, collections, startingWith(call.keyPrefix), now)
        return runner.run(call, runner.writing(step), removed)
      },

      removeExpired: (call) => {
        if (call.cursor === shrinking) return shrink(statements)
        const { selects } = call
        if (selects === undefined) {
          return runner.run(
            call,
            runner.single((now) => Number(statements.removeExpired.run(now, maxPage).changes)),
            (count) => removed({ count, next: count < maxPage ? undefined : true })
          )
        }
        const [expiresAt, row] = (call.cursor ?? [Number.MIN_SAFE_INTEGER, 0]) as readonly [number, number]
        const list = (now: number) => statements.expired.all(now, expiresAt, row, maxPage) as ReadonlyArray<ExpiredRow>
        return runner.run(call, runner.single(list), (rows) =>
          Effect.suspend(() => {
            const selected = rows.filter((row) => isSelected(selects, row))
            const next = rows.length < maxPage ? undefined : rows[rows.length - 1]!.slice(0, 2)
            const remove = (now: number) => {
              let count = 0
              for (const [, row] of selected) count += Number(statements.removeIfExpired.run(row, now).changes)
              return count
            }
            return runner.run(call, runner.writing(remove), (count) => removed({ count, next }))
          })
        )
      }
    }
  } satisfies Driver
}

const isBatch = (call: { readonly keys: ReadonlyArray<string> }): boolean => call.keys.length > 1

/** Returns `undefined` if a row contains an integer that is too large for a JavaScript number. */
const unlessOutOfRange =
  <A>(attempt: Attempt<A>): Attempt<A | undefined> =>
  (now) => {
    const result = attempt(now)
    return Result.isFailure(result) && isOutOfRange(result.failure) ? Result.succeed(undefined) : result
  }

/** Yields to the event loop if there is another page. */
const page = <P extends { readonly next: unknown }>(result: P): Effect.Effect<P> =>
  result.next === undefined ? Effect.succeed(result) : Effect.as(Effect.yieldNow, result)

const hasChanged = ({ changes }: { readonly changes: number | bigint }): boolean => changes > 0

const isSelected = (
  selects: NonNullable<Call.RemoveExpired["selects"]>,
  [, , collectionBytes, keyBytes]: ExpiredRow
): boolean => {
  const collection = nameOf(collectionBytes)
  const key = nameOf(keyBytes)
  return collection !== undefined && key !== undefined && selects(collection, key)
}
