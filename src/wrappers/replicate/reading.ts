import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { eachInSlices } from "../../concurrency/slices.ts"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { idOf } from "../../driver/ids.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import { copy, type Entry, isExpired } from "../../Entry.ts"
import { type ReadError, StoreUnavailableError } from "../../KeyValueError.ts"
import { atNow } from "../../time/atNow.ts"
import { now } from "../../time/clock.ts"
import { inTurns } from "./inTurns.ts"
import type { Stores } from "./Stores.ts"

type Answers = ReadonlyArray<Entry | undefined>

/**
 * Reads keys in which the stores do not differ from the first store that is well, and other keys from a store that holds
 * their newest write.
 */
export const reading =
  (stores: Stores): Driver["get"] =>
  (call) =>
    Effect.suspend(() => {
      if (stores.isClosed) return Effect.fail(layerClosed(call.place, false))
      return stores.ledger.size === 0 ? inSync(stores, call) : mixed(stores, call)
    })

/** Reads keys in which the stores do not differ. Keys that were being written meanwhile are read again. */
const inSync = (stores: Stores, call: Call.Get): Effect.Effect<Answers, ReadError> =>
  Effect.withFiber((fiber) => {
    const { ledger } = stores
    return stores.inOrder(stores.readable(now(fiber)), (store, driver) =>
      Effect.flatMap(driver.get(call), (answers) => {
        if (ledger.size === 0) return Effect.succeed(answers)
        const { keys, collection } = call
        const disturbed: Array<number> = []
        const look = (i: number) => {
          if (!ledger.isUndisturbed(idOf(collection, keys[i]!), store)) disturbed.push(i)
        }
        return eachInSlices(keys.length, look, () =>
          disturbed.length === 0 ? Effect.succeed(answers) : new Newest(stores, call, [...answers]).read(disturbed)
        )
      })
    )
  })

/** Reads keys in which the stores do not differ, and at the same time the others. */
const mixed = (stores: Stores, call: Call.Get): Effect.Effect<Answers, ReadError> => {
  const { keys, collection } = call
  const same: Array<number> = []
  const others: Array<number> = []
  const look = (i: number) => {
    if (stores.ledger.get(idOf(collection, keys[i]!)) === undefined) same.push(i)
    else others.push(i)
  }
  return eachInSlices(keys.length, look, () => {
    if (others.length === 0) return inSync(stores, call)
    const answers = new Array<Entry | undefined>(keys.length).fill(undefined)
    const newest = new Newest(stores, call, answers).read(others)
    if (same.length === 0) return newest
    const rest = Effect.map(inSync(stores, Call.pick(call, same)), (found) => fill(answers, same, found))
    return Effect.as(Effect.all([rest, newest], { concurrency: "unbounded", discard: true }), answers)
  })
}

const fill = (answers: Array<Entry | undefined>, indices: ReadonlyArray<number>, found: Answers): void => {
  for (let i = 0; i < indices.length; i++) answers[indices[i]!] = found[i]
}

/** How many times a read asks the stores if writes under way make all their replies unreliable. */
const maxRounds = 3

/** Reads keys from stores that hold their newest write, in turns with the writes of these keys. */
class Newest {
  private readonly stores: Stores
  private readonly call: Call.Get
  private readonly ids: Array<string> = []
  private readonly answers: Array<Entry | undefined>
  /** For each index, the oldest write that may be returned. Each round sets these numbers again. */
  private readonly atLeast: Array<number> = []

  constructor(stores: Stores, call: Call.Get, answers: Array<Entry | undefined>) {
    this.stores = stores
    this.call = call
    this.answers = answers
  }

  /** Reads some of the keys, and returns the results of all. */
  read(indices: ReadonlyArray<number>, round = 1): Effect.Effect<Answers, ReadError> {
    return Effect.withFiber((fiber) => {
      const { health, ledger } = this.stores
      const look = (i: number) => {
        const index = indices[i]!
        this.ids[index] = idOf(this.call.collection, this.call.keys[index]!)
        this.atLeast[index] = ledger.get(this.ids[index]!)?.newest ?? Number.NEGATIVE_INFINITY
      }
      const order = health.order(now(fiber))
      return eachInSlices(indices.length, look, () =>
        Effect.as(this.readFrom(order, indices, undefined, round), this.answers)
      )
    })
  }

  /** Reads each key from the first store that need not wait for a turn, or else from the first one after a wait. */
  private readFrom(
    left: ReadonlyArray<number>,
    indices: ReadonlyArray<number>,
    error: ReadError | undefined,
    round: number
  ): Effect.Effect<void, ReadError> {
    if (left.length === 0) return this.fromMemory(indices, error, round)
    const atOnce = left.map((): Array<number> => [])
    const inTurn: Array<number> = []
    const sort = (i: number) => {
      const index = indices[i]!
      const idle = left.findIndex(
        (store) => this.stores.queues[store]!.mayReadAtOnce(this.ids[index]!) && this.isReadable(index, store)
      )
      if (idle === -1) inTurn.push(index)
      else atOnce[idle]!.push(index)
    }
    return eachInSlices(indices.length, sort, () => {
      const parts = [...atOnce.map((part, i) => [left[i]!, part] as const), [left[0]!, inTurn] as const]
      return Effect.forEach(
        parts.filter(([, part]) => part.length > 0),
        ([store, part]) =>
          Effect.flatMap(this.readAt(store, part), (failed) =>
            failed.indices.length === 0
              ? Effect.void
              : this.readFrom(
                  left.filter((it) => it !== store),
                  failed.indices,
                  failed.error ?? error,
                  round
                )
          ),
        { concurrency: "unbounded", discard: true }
      )
    })
  }

  /** Reads keys from one store. Returns those for which another store must be asked. */
  private readAt(store: number, indices: ReadonlyArray<number>) {
    const failed = { indices: [] as Array<number>, error: undefined as ReadError | undefined }
    const turns = {
      queues: this.stores.queues[store]!,
      ids: indices.map((index) => this.ids[index]!),
      alone: false,
      place: this.call.place
    }
    const read = inTurns(turns, (part) => {
      const readable: Array<number> = []
      const look = (i: number) => {
        const index = indices[part[i]!]!
        if (this.isReadable(index, store)) readable.push(index)
        else failed.indices.push(index)
      }
      return eachInSlices(part.length, look, (): Effect.Effect<void, ReadError> => {
        if (readable.length === 0) return Effect.void
        // Turns begin in any order.
        readable.sort((a, b) => a - b)
        const call = readable.length === this.call.keys.length ? this.call : Call.pick(this.call, readable)
        return Effect.flatMap(Effect.result(this.stores.on(store, (driver) => driver.get(call))), (result) => {
          if (Result.isSuccess(result)) return Effect.sync(() => fill(this.answers, readable, result.success))
          if (!result.failure.retryable) return Effect.fail(result.failure)
          failed.error = result.failure
          for (const index of readable) failed.indices.push(index)
          return Effect.void
        })
      })
    })
    return Effect.as(read, failed)
  }

  private isReadable(index: number, store: number): boolean {
    const { ledger } = this.stores
    const state = ledger.get(this.ids[index]!)
    return state === undefined ? !ledger.givenUp[store] : ledger.isReadable(state, store, this.atLeast[index]!)
  }

  /** Returns the newest value of keys that no store can be read for, or reads again while writes are under way. */
  private fromMemory(
    indices: ReadonlyArray<number>,
    error: ReadError | undefined,
    round: number
  ): Effect.Effect<void, ReadError> {
    const again: Array<number> = []
    let isUnknown = false
    return atNow((now) => {
      const answer = (i: number) => {
        const state = this.stores.ledger.get(this.ids[indices[i]!]!)
        if (state?.newestValue !== undefined)
          this.answers[indices[i]!] = copyUnlessExpired(state.newestValue.entry, now)
        else if (state !== undefined && state.totalUnderWay > 0 && round < maxRounds) again.push(indices[i]!)
        else isUnknown = true
      }
      return eachInSlices(indices.length, answer, () => {
        if (isUnknown) return Effect.fail(error ?? unreachable(this.call))
        return again.length === 0 ? Effect.void : Effect.asVoid(this.read(again, round + 1))
      })
    })
  }
}

const copyUnlessExpired = (entry: Entry | undefined, now: number): Entry | undefined =>
  entry === undefined || isExpired(entry, now) ? undefined : copy(entry)

const unreachable = ({ place }: Call.Get) =>
  new StoreUnavailableError({ ...place, reason: "no store that holds the newest value can be read", sent: false })
