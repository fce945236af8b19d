import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Driver } from "../../driver/Driver.ts"
import { errorOf } from "../../driver/outcome.ts"
import type { KeyValueError } from "../../KeyValueError.ts"
import { now } from "../../time/clock.ts"
import { Background } from "../common/Background.ts"
import { Health } from "./Health.ts"
import { Ledger } from "./Ledger.ts"
import { Queues } from "./Queues.ts"

export interface Config {
  readonly drivers: ReadonlyArray<Driver>
  /** How many stores must acknowledge a write. */
  readonly required: number
  readonly settleTime: number
  readonly pause: number
  readonly maxBehind: number
  readonly onRepaired: () => void
  /** Called when a store becomes well or unwell, and when it is given up. */
  readonly onChange: (store: number) => void
}

/** Several stores, what is known of each, and the turns at the keys of each. */
export class Stores {
  readonly config: Config
  readonly ledger: Ledger
  readonly health: Health
  readonly queues: ReadonlyArray<Queues>
  readonly background = new Background()
  /** The writes whose callers wait for a decision. */
  readonly undecided = new Set<{ readonly close: () => void }>()
  readonly indices: ReadonlyArray<number>
  isClosed = false

  constructor(config: Config) {
    this.config = config
    this.ledger = new Ledger(config.drivers.length, config.maxBehind, config.onChange)
    this.health = new Health(config.drivers.length, config.pause)
    this.queues = config.drivers.map(() => new Queues())
    this.indices = [...config.drivers.keys()]
  }

  /** How many stores are not well. */
  get unwell(): number {
    return this.indices.filter((store) => !this.health.isWell(store)).length
  }

  /** The stores that may be read, in the order in which to ask them. */
  readable(now: number): ReadonlyArray<number> {
    return this.health.order(now).filter((store) => !this.ledger.givenUp[store])
  }

  /** Ends all operations. Callers that wait fail because the layer is closed, and no operation begins any more. */
  close(): void {
    this.isClosed = true
    for (const write of this.undecided) write.close()
    this.background.close()
    for (const queues of this.queues) queues.close()
  }

  /** Runs an operation on a store, and notes whether the store is well. */
  on<A, E>(store: number, run: (driver: Driver) => Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.withFiber((fiber) =>
      Effect.onExitPrimitive(
        Effect.suspend(() => run(this.config.drivers[store]!)),
        (exit) => {
          const error = Exit.isFailure(exit) ? errorOf(exit.cause) : undefined
          if (Exit.isSuccess(exit) || error !== undefined) {
            const wasWell = this.health.isWell(store)
            const isWell = error?.retryable !== true
            this.health.note(store, isWell, now(fiber))
            if (isWell !== wasWell) this.config.onChange(store)
          }
          return undefined
        }
      )
    )
  }

  /** Reads from one store after the other, as long as they fail with retryable errors. */
  inOrder<A, E>(
    stores: ReadonlyArray<number>,
    run: (store: number, driver: Driver) => Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    const [first, ...rest] = stores
    const attempt = this.on(first!, (driver) => run(first!, driver))
    return rest.length === 0
      ? attempt
      : Effect.catchIf(
          attempt,
          (error) => (error as KeyValueError).retryable,
          () => this.inOrder(rest, run)
        )
  }
}
