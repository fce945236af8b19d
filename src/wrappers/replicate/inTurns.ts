import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { eachInSlices } from "../../concurrency/slices.ts"
import { wake } from "../../concurrency/wake.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import type { Place, StoreUnavailableError } from "../../KeyValueError.ts"
import { type Owner, type Queues, Turn } from "./Queues.ts"

export interface Turns {
  readonly queues: Queues
  readonly ids: ReadonlyArray<string>
  /** Whether the effect must be the only one that uses each key, as a write must be. */
  readonly alone: boolean
  readonly place: Place
}

/**
 * Runs an effect for keys of a store in their turns. Keys whose turns begin at the same time are passed together. The turns
 * end when the effect does, or when the fiber is interrupted at any step.
 */
export const inTurns = <E, R>(
  turns: Turns,
  run: (indices: ReadonlyArray<number>) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | StoreUnavailableError, R> =>
  Effect.withFiber((fiber) => {
    const { queues, ids } = turns
    const waiter = new Waiter(turns, fiber)
    const next = (): Effect.Effect<void, E | StoreUnavailableError, R> =>
      Effect.suspend(() => {
        const part = waiter.take()
        if (part.length === 0) return waiter.isDone ? Effect.void : Effect.andThen(waiter.wait, next())
        return Effect.flatMap(run(part.map(({ index }) => index)), () =>
          eachInSlices(part.length, (i) => queues.leave(part[i]!), next)
        )
      })
    // Turns are requested inside the `onExit` that ends them, because a fiber can be interrupted between any two steps.
    return Effect.onExitPrimitive(
      Effect.suspend(() => eachInSlices(ids.length, (i) => waiter.enter(i), next)),
      () =>
        eachInSlices(
          waiter.requested.length,
          (i) => queues.leave(waiter.requested[i]!),
          () => Effect.void
        )
    )
  })

/** A fiber that waits for its turns. */
class Waiter implements Owner {
  readonly mustRun = true
  readonly requested: Array<Turn> = []
  private readonly turns: Turns
  private readonly fiber: Fiber.Fiber<unknown, unknown>
  private ready: Array<Turn> = []
  private taken = 0
  private isClosed = false
  private resume: (() => void) | undefined

  constructor(turns: Turns, fiber: Fiber.Fiber<unknown, unknown>) {
    this.turns = turns
    this.fiber = fiber
  }

  get isDone(): boolean {
    return this.taken === this.turns.ids.length
  }

  enter(index: number): void {
    const turn = new Turn(this, index, this.turns.ids[index]!, this.turns.alone)
    this.requested.push(turn)
    if (this.turns.queues.enter(turn)) this.ready.push(turn)
  }

  /** The turns that have begun since the last call. */
  take(): ReadonlyArray<Turn> {
    const part = this.ready
    this.ready = []
    this.taken += part.length
    return part
  }

  /** Waits until a turn has begun. */
  get wait(): Effect.Effect<void, StoreUnavailableError> {
    const onReady = Effect.callback<void>((resume) => {
      this.resume = () => wake(this.fiber, resume, Effect.void)
      if (this.ready.length > 0 || this.isClosed) this.wake()
      return Effect.sync(() => {
        this.resume = undefined
      })
    })
    return Effect.andThen(
      onReady,
      Effect.suspend(() => (this.isClosed ? Effect.fail(layerClosed(this.turns.place, false)) : Effect.void))
    )
  }

  onTurn(turn: Turn): void {
    this.ready.push(turn)
    this.wake()
  }

  onSuperseded(): void {}

  onClosed(): void {
    this.isClosed = true
    this.wake()
  }

  private wake(): void {
    const { resume } = this
    this.resume = undefined
    resume?.()
  }
}
