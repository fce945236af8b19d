import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { copy, type Entry, isExpired } from "../../Entry.ts"
import { idOf, idsOf } from "../../internal/ids.ts"
import { type ReadError, StoreUnavailableError } from "../../KeyValueError.ts"
import type { Stores } from "./Stores.ts"

type Answers = ReadonlyArray<Entry | undefined>

/**
 * Reads keys that all stores hold alike from the first store that is well, and others from one that holds the newest
 * write.
 */
export const reading =
  (stores: Stores): Driver["get"] =>
  (call) =>
    Effect.suspend(() => {
      const { ledger } = stores
      if (ledger.size === 0) return alike(stores, call)
      const ids = idsOf(call)
      const indices = [...ids.keys()]
      const quiet = indices.filter((i) => ledger.get(ids[i]!) === undefined)
      if (quiet.length === ids.length) return alike(stores, call)
      return eachAt(call, [
        { indices: quiet, get: (part) => alike(stores, part) },
        ...indices
          .filter((i) => ledger.get(ids[i]!) !== undefined)
          .map((i) => ({ indices: [i], get: (part: Call.Get) => newest(stores, part) }))
      ])
    })

interface Part {
  readonly indices: ReadonlyArray<number>
  readonly get: (call: Call.Get) => Effect.Effect<Answers, ReadError>
}

/** Reads parts of a call side by side. */
const eachAt = (call: Call.Get, parts: ReadonlyArray<Part>): Effect.Effect<Answers, ReadError> => {
  const answers = new Array<Entry | undefined>(call.keys.length).fill(undefined)
  const read = ({ indices, get }: Part) =>
    indices.length === 0
      ? Effect.void
      : Effect.map(get(Call.pick(call, indices)), (found) => {
          for (const [i, index] of indices.entries()) answers[index] = found[i]
        })
  return Effect.as(Effect.forEach(parts, read, { concurrency: "unbounded", discard: true }), answers)
}

/** What was being written while it was read may have been seen in one store before it is certain: it is read again. */
const alike = (stores: Stores, call: Call.Get): Effect.Effect<Answers, ReadError> =>
  Effect.clockWith((clock) => {
    const { ledger, health } = stores
    const order = health.order(clock.currentTimeMillisUnsafe()).filter((store) => !ledger.givenUp[store])
    return stores.inOrder(order, (store, driver) =>
      Effect.flatMap(driver.get(call), (answers) => {
        if (ledger.size === 0) return Effect.succeed(answers)
        const ids = idsOf(call)
        const disturbed = [...ids.keys()].filter((i) => !ledger.isUndisturbed(ids[i]!, store))
        if (disturbed.length === 0) return Effect.succeed(answers)
        const kept = [...ids.keys()].filter((i) => !disturbed.includes(i))
        return eachAt(call, [
          { indices: kept, get: () => Effect.succeed(kept.map((i) => answers[i])) },
          ...disturbed.map((i) => ({ indices: [i], get: (part: Call.Get) => newest(stores, part) }))
        ])
      })
    )
  })

/** How often all stores are asked again when none could be believed because of writes under way. */
const maxRounds = 3

/** Reads one key from a store that holds the newest write, in its turn among the writes of this key there. */
const newest = (stores: Stores, call: Call.Get, round = 1): Effect.Effect<Answers, ReadError> =>
  Effect.withFiber((fiber) => {
    const { ledger, health, lanes } = stores
    const id = idOf(call.collection, call.keys[0]!)
    const state = ledger.get(id)
    if (state === undefined) return alike(stores, call)
    const floor = state.newest
    const left = new Set(health.order(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()))
    const isReadable = (store: number) => {
      const now = ledger.get(id)
      return now === undefined ? !ledger.givenUp[store] : ledger.isReadable(now, store, floor)
    }
    const next = (error: ReadError | undefined): Effect.Effect<Answers, ReadError> =>
      Effect.suspend(() => {
        const idle = [...left].find((store) => lanes[store]!.areFree([id]) && isReadable(store))
        const store = idle ?? [...left][0]
        if (store === undefined) {
          const truth = ledger.get(id)?.truth
          if (truth !== undefined) return Effect.map(live(truth.entry), (entry) => [entry])
          const isBusy = ledger.get(id)?.underWay.some((count) => count > 0)
          return isBusy && round < maxRounds ? newest(stores, call, round + 1) : Effect.fail(error ?? unreachable(call))
        }
        left.delete(store)
        const read = Effect.suspend(
          (): Effect.Effect<Result.Result<Answers, ReadError> | "behind"> =>
            isReadable(store)
              ? Effect.result(stores.on(store, (driver) => driver.get(call)))
              : Effect.succeed("behind" as const)
        )
        return Effect.flatMap(lanes[store]!.run([id], read), (result) => {
          if (result === "behind") return next(error)
          if (Result.isSuccess(result)) return Effect.succeed(result.success)
          return result.failure.retryable ? next(result.failure) : Effect.fail(result.failure)
        })
      })
    return next(undefined)
  })

/** A copy of what has not expired. */
const live = (entry: Entry | undefined): Effect.Effect<Entry | undefined> =>
  Effect.clockWith((clock) =>
    Effect.succeed(entry === undefined || isExpired(entry, clock.currentTimeMillisUnsafe()) ? undefined : copy(entry))
  )

const unreachable = ({ place }: Call.Get) =>
  new StoreUnavailableError({ ...place, reason: "no store that holds the newest value can be read", sent: false })
