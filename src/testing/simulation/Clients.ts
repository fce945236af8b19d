import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Deadline from "../../wrappers/Deadline.ts"
import * as Chaos from "../Chaos.ts"
import type { Services } from "./Client.ts"
import type { Operation } from "./History.ts"
import type { Passing } from "./Passing.ts"
import type { Step } from "./Plan.ts"
import { answerOf, Current, perform } from "./perform.ts"
import { Seeded } from "./Seeded.ts"
import type { Activity } from "./Stores.ts"
import type { SteppingScheduler } from "./VirtualTime.ts"

/** What the clients of a run need. */
export interface Setting {
  readonly lives: { readonly services: Services }
  readonly passing: Passing
  readonly scheduler: SteppingScheduler
  readonly activity: Activity
  readonly seed: number
  /** How long a client waits for a result, in milliseconds. */
  readonly patience: number
}

/** Clients that run the operations of a plan, and record them. */
export class Clients {
  /** In the order in which they were invoked. */
  readonly operations: Array<Operation> = []
  private readonly setting: Setting

  constructor(setting: Setting) {
    this.setting = setting
  }

  /** Starts a client, which runs one step after the other. */
  start(steps: ReadonlyArray<Step>): Effect.Effect<Fiber.Fiber<void>> {
    return Effect.forkDetach(Effect.forEach(steps, (step) => this.operate(step), { discard: true }))
  }

  private readonly operate = Effect.fnUntraced({ self: this }, function* (step: Step) {
    const { passing, lives, seed } = this.setting
    const pause = step.at === undefined ? step.pause : step.at - passing.time
    if (pause > 0) yield* Effect.sleep(pause)
    const operation: Operation = {
      step,
      invoked: passing.now(),
      completed: undefined,
      answer: undefined,
      attempts: [],
      loads: [],
      gaveUp: undefined,
      threw: false,
      applications: [],
      faults: [],
      expiredEarly: []
    }
    this.operations.push(operation)
    const performed = Effect.suspend(() => perform(lives.services, operation, passing.now)).pipe(
      Effect.provideService(Random.Random, new Seeded(seed, step.id)),
      Effect.provideService(Current, operation)
    )
    const limited = step.budget === undefined ? performed : Deadline.within(performed, step.budget)
    operation.answer = yield* this.waitFor(step.calm ? Chaos.spared(limited) : limited, operation)
    operation.completed = passing.now()
  })

  private readonly waitFor = Effect.fnUntraced(
    { self: this },
    function* (effect: ReturnType<typeof perform>, operation: Operation) {
      const { passing, scheduler, activity, patience } = this.setting
      const { interruption } = operation.step
      const fiber = yield* Effect.forkDetach(effect)
      if (interruption?._tag === "steps") scheduler.interruptAfter(fiber, interruption.steps)
      const leaves = interruption?._tag === "millis"
      let left = interruption?._tag === "steps"
      const leave = () => {
        left = true
        if (!leaves) operation.gaveUp = { at: passing.now(), quietFor: activity.quietFor }
        fiber.interruptUnsafe()
      }
      const waiting = Effect.andThen(Effect.sleep(leaves ? interruption.millis : patience), Effect.sync(leave))
      const timer = yield* Effect.forkDetach(waiting)
      const exit = yield* Fiber.await(fiber)
      timer.interruptUnsafe()
      scheduler.forget(fiber)
      return answerOf(exit, left)
    }
  )
}
