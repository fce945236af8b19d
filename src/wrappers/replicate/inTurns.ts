import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { eachInSlices } from "../../concurrency/slices.ts"
import { wake } from "../../concurrency/wake.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import type { Place, StoreUnavailableError } from "../../KeyValueError.ts"
import { type Queues, Visit } from "./Queues.ts"

export interface Turns {
  readonly queues: Queues
  readonly ids: ReadonlyArray<string>
  /** Whether each key is needed alone. */
  readonly alone: boolean
  readonly place: Place
}

/**
 * Runs an effect for keys of a store when it is their turn, for those together whose turn comes at the same time, and
 * leaves. An interruption at any step leaves, too.
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
        if (part.length === 0) return waiter.isDone ? Effect.void : Effect.andThen(waiter.ready, next())
        return Effect.flatMap(run(part.map(({ index }) => index)), () =>
          eachInSlices(part.length, (i) => queues.leave(part[i]!), next)
        )
      })
    // Turns are taken inside of what gives them back: a fiber can be interrupted between any two steps.
    return Effect.onExitPrimitive(
      Effect.suspend(() => eachInSlices(ids.length, (i) => waiter.enter(i), next)),
      () =>
        eachInSlices(
          waiter.visits.length,
          (i) => queues.leave(waiter.visits[i]!),
          () => Effect.void
        )
    )
  })

/** A fiber that waits for turns. */
class Waiter {
  readonly visits: Array<FiberVisit> = []
  private readonly turns: Turns
  private readonly fiber: Fiber.Fiber<unknown, unknown>
  private came: Array<FiberVisit> = []
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
    const visit = new FiberVisit(this, this.turns.ids[index]!, index, this.turns.alone)
    this.visits.push(visit)
    if (this.turns.queues.enter(visit)) this.came.push(visit)
  }

  /** The keys whose turn has come since this was asked for last. */
  take(): ReadonlyArray<FiberVisit> {
    const part = this.came
    this.came = []
    this.taken += part.length
    return part
  }

  /** Waits until the turn of a key has come. */
  get ready(): Effect.Effect<void, StoreUnavailableError> {
    const onReady = Effect.callback<void>((resume) => {
      this.resume = () => wake(this.fiber, resume, Effect.void)
      if (this.came.length > 0 || this.isClosed) this.wake()
      return Effect.sync(() => {
        this.resume = undefined
      })
    })
    return Effect.andThen(
      onReady,
      Effect.suspend(() => (this.isClosed ? Effect.fail(layerClosed(this.turns.place, false)) : Effect.void))
    )
  }

  onTurn(visit: FiberVisit): void {
    this.came.push(visit)
    this.wake()
  }

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

class FiberVisit extends Visit {
  override readonly mustRun = true
  readonly index: number
  private readonly waiter: Waiter

  constructor(waiter: Waiter, id: string, index: number, alone: boolean) {
    super(id, alone)
    this.waiter = waiter
    this.index = index
  }

  override onTurn(): void {
    this.waiter.onTurn(this)
  }

  override onSuperseded(): void {}

  override onClosed(): void {
    this.waiter.onClosed()
  }
}
