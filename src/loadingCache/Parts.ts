import type * as Result from "effect/Result"
import type { Config } from "./Config.ts"
import type { Kept } from "./envelope.ts"
import type { Flights } from "./Flights.ts"
import type { LoadError } from "./load.ts"

/** What the methods of a cache share. */
export interface Parts<A, K, E> {
  readonly config: Config<A, K, E>
  readonly flights: Flights<E | LoadError>
}

/** What the store has for a key. */
export interface Stored<A, E> {
  readonly kept: Kept
  readonly isFresh: boolean
  readonly answer: Result.Result<A, E>
}
