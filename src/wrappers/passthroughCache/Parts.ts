import type { SingleFlight } from "../../concurrency/SingleFlight.ts"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import type { Entry } from "../../Entry.ts"
import type { KeyValueError, ReadError } from "../../KeyValueError.ts"
import type { Background } from "../common/Background.ts"
import type { Counters } from "./counters.ts"
import type { Freshness, Limits } from "./Freshness.ts"
import type { Misses } from "./Misses.ts"
import type { Validity } from "./Validity.ts"

export interface Config {
  readonly limits: Limits
  readonly missTtl: number
  readonly staleWhileRevalidate: boolean
  readonly staleOn: (error: KeyValueError) => boolean
  /** For how many milliseconds a write whose outcome is unknown may still be applied. */
  readonly settleTime: number
  readonly counters: Counters
}

/** The parts of a cached store. */
export interface Parts extends Config {
  readonly store: Driver
  readonly cache: Driver
  /** Whether the cache may wait for anything. */
  readonly cacheMayWait: boolean
  readonly freshness: Freshness
  readonly validity: Validity
  readonly misses: Misses
  /** The reads of the store, which all readers share that want a key at the same time. */
  readonly fills: SingleFlight<Found, ReadError>
  /** Runs the fills that no reader waits for. */
  readonly refreshes: Background
  /** Nothing is refreshed before this time of the monotonic clock. */
  refreshesAt: number
  /** Runs the removals that their writers do not wait for. */
  readonly removals: Background
}

/** The entry of a key; `undefined` for a miss. */
export type Found = Entry | undefined

/** A read, and the ids of its keys. */
export interface Read {
  readonly call: Call.Get
  readonly ids: ReadonlyArray<string>
}

/** The part of a read that is about the keys at some indices. */
export const pick = ({ call, ids }: Read, indices: ReadonlyArray<number>): Read => ({
  call: Call.pick(call, indices),
  ids: indices.map((i) => ids[i]!)
})
