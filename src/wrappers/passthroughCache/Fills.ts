import * as Effect from "effect/Effect"
import { SingleFlight } from "../../concurrency/SingleFlight.ts"
import { eachInSlices } from "../../concurrency/slices.ts"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { describeId } from "../../driver/ids.ts"
import type { ReadError } from "../../KeyValueError.ts"
import { detached } from "../common/detached.ts"
import type { Copies, Found } from "./Copies.ts"
import type { AskedAt } from "./Freshness.ts"
import type { Misses } from "./Misses.ts"
import { steadyMillis } from "./steady.ts"
import type { Validity } from "./Validity.ts"

export interface Config {
  readonly store: Driver
  readonly copies: Copies
  readonly misses: Misses
  readonly validity: Validity
  /** No reader joins a fill that began more milliseconds ago than this. */
  readonly maxAge: number
}

/** Asks the store for keys, once for all readers that want a key at the same time, and keeps what it returns. */
export class Fills {
  private readonly flights: SingleFlight<Found, ReadError>
  private readonly config: Config

  constructor(config: Config) {
    this.config = config
    this.flights = new SingleFlight({ maxAge: config.maxAge, describe: describeId })
  }

  fill(call: Call.Get, ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const { copies, store, misses, validity } = this.config
    return this.flights.runMany(ids, (own, isDropped) =>
      Effect.clockWith((clock) => {
        const askedAt: AskedAt = { steady: Math.floor(steadyMillis(clock)), wall: clock.currentTimeMillisUnsafe() }
        const part: Call.Get = { ...detached(own.length === ids.length ? call : pickIds(call, ids, own)), expiry: true }
        return Effect.tap(store.get(part), (found) => {
          const note = (i: number) => {
            const id = own[i]!
            if (found[i] !== undefined) misses.remove(id)
            else if (!isDropped(id) && validity.mayKeep(id, askedAt.steady)) misses.add(id, askedAt.steady)
          }
          return eachInSlices(own.length, note, () => copies.make(part, own, found, askedAt, isDropped))
        })
      })
    )
  }

  /** Whether a reader could join a fill of a key, at a time of the monotonic clock. */
  isUnderWay(id: string, now: number): boolean {
    return this.flights.has(id, now)
  }

  /** Keeps later readers from joining the fill of a key that is under way, and its result from being kept. */
  drop(id: string): void {
    this.flights.drop(id)
  }

  dropAll(): void {
    this.flights.dropAll()
  }
}

/** The part of a call that is about some of its keys, each of them once. */
const pickIds = (call: Call.Get, ids: ReadonlyArray<string>, own: ReadonlyArray<string>): Call.Get => {
  const indices = new Map(ids.map((id, i) => [id, i]))
  return Call.pick(
    call,
    own.map((id) => indices.get(id)!)
  )
}
