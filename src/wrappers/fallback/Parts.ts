import type { Lanes } from "../../concurrency/Lanes.ts"
import type { Driver } from "../../driver/Driver.ts"
import type { KeyValueError } from "../../KeyValueError.ts"
import type { Journal } from "./Journal.ts"
import type { Replayer } from "./Replayer.ts"

/** The parts of a Fallback with recovery. */
export interface Parts {
  readonly primary: Driver
  readonly fallback: Driver
  readonly journal: Journal
  readonly replayer: Replayer
  /** Writes of the same key wait for each other here, and so do replays. */
  readonly lanes: Lanes
  readonly fallbackOn: (error: KeyValueError) => boolean
}
