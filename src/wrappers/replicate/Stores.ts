import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { Driver } from "../../driver/Driver.ts"
import { Lanes } from "../../internal/Lanes.ts"
import { errorOf } from "../../internal/telemetry.ts"
import type { KeyValueError } from "../../KeyValueError.ts"
import { Health } from "./Health.ts"
import { Ledger } from "./Ledger.ts"

export interface Config {
  readonly drivers: ReadonlyArray<Driver>
  /** How many stores must acknowledge a write. */
  readonly required: number
  readonly settleTime: number
  readonly pause: number
  readonly maxBehind: number
  /** What goes on after its caller was answered lives as long as this. */
  readonly scope: Scope.Scope
  readonly onRepaired: () => void
}

/** Several stores, what is known of each, and the order in which operations on a key come to each. */
export class Stores {
  readonly ledger: Ledger
  readonly health: Health
  readonly lanes: ReadonlyArray<Lanes>
  readonly config: Config

  constructor(config: Config) {
    this.config = config
    this.ledger = new Ledger(config.drivers.length, config.maxBehind)
    this.health = new Health(config.drivers.length, config.pause)
    this.lanes = config.drivers.map(() => new Lanes())
  }

  get indices(): ReadonlyArray<number> {
    return [...this.config.drivers.keys()]
  }

  /** How many stores are not well. */
  get unwell(): number {
    return this.indices.filter((store) => !this.health.isWell(store)).length
  }

  /** Runs an operation on a store, and notes whether the store is well. */
  on<A, E>(store: number, run: (driver: Driver) => Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.withFiber((fiber) => {
      const clock = fiber.getRef(Clock.Clock)
      return Effect.onExitPrimitive(
        Effect.suspend(() => run(this.config.drivers[store]!)),
        (exit) => {
          const error = Exit.isFailure(exit) ? errorOf(exit.cause) : undefined
          if (Exit.isSuccess(exit) || error !== undefined) {
            this.health.note(store, error?.retryable !== true, clock.currentTimeMillisUnsafe())
          }
          return undefined
        }
      )
    })
  }

  /** Reads from one store after the other, as long as they fail with what may pass. */
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
