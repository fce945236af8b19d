import { Cause, Context, Effect, Exit, Option } from "effect"
import { Driver } from "effect-kv"
import type { Outcome } from "../model.ts"
import { StepWriter } from "./steps.ts"
import type { VirtualTime } from "./virtualTime.ts"

/** What the engine knows about a request while it runs. */
export class Asking {
  readonly id: number
  /** The version of the value that this request writes or loads. */
  readonly version: number
  /** How often the request has entered each layer. */
  readonly entered: Uint16Array
  /** The outcome with which the request has last left each layer. */
  readonly left: Array<Outcome | undefined>

  constructor(id: number, layers: number) {
    this.id = id
    this.version = id + 1
    this.entered = new Uint16Array(layers)
    this.left = new Array<Outcome | undefined>(layers).fill(undefined)
  }
}

/** The request that a fiber works for. Fibers that a wrapper starts when it is built work for none. */
export const CurrentAsking = Context.Reference<Asking | undefined>("effect-kv/docs/live/Asking", {
  defaultValue: () => undefined
})

/** More calls are too many to look at, and to wait for. Two Retries without a budget can make any number of them. */
export const maxCalls = 200_000

/** Records the calls at all layers. */
export class Recorder {
  /** Nothing is recorded while the stack is built, and after the end. */
  isOn = false
  /** Calls that are in each layer now. */
  readonly inside: Array<number>
  /** Calls that have entered each layer so far. */
  readonly entered: Array<number>
  readonly steps: StepWriter | undefined
  readonly background: Asking
  private readonly time: VirtualTime
  private calls = 0
  /** Tells more about the outcome of a read, for layers that need it. */
  readonly describe: Array<((outcome: Outcome, asking: Asking, took: number) => Outcome) | undefined>

  constructor(time: VirtualTime, layers: number, withSteps: boolean) {
    this.time = time
    this.inside = new Array<number>(layers).fill(0)
    this.entered = new Array<number>(layers).fill(0)
    this.describe = new Array<undefined>(layers).fill(undefined)
    this.steps = withSteps ? new StepWriter() : undefined
    this.background = new Asking(-1, layers)
  }

  /** Records an effect as a call at a layer. */
  around<A, E>(layer: number, isRead: boolean, effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.withFiber((fiber) => {
      if (!this.isOn) return effect
      const { time, steps } = this
      const asking = fiber.getRef(CurrentAsking) ?? this.background
      if (++this.calls > maxCalls) time.isStopped = true
      const attempt = asking.entered[layer]!
      asking.entered[layer] = attempt + 1
      this.entered[layer]!++
      this.inside[layer]!++
      const start = time.now
      steps?.enter(start, asking.id, layer, attempt)
      return Effect.onExitPrimitive(effect, (exit) => {
        if (!this.isOn) return undefined
        this.inside[layer]!--
        const outcome = outcomeOf(exit)
        const describe = isRead ? this.describe[layer] : undefined
        const described = describe === undefined ? outcome : describe(outcome, asking, time.now - start)
        asking.left[layer] = described
        steps?.leave(time.now, asking.id, layer, attempt, described)
        return undefined
      })
    })
  }

  /** A wrapper that records all calls that pass it. */
  probe(layer: number): Driver.Wrapper {
    return Driver.wrapper(
      Driver.around((call, next) =>
        this.around(
          layer,
          call._tag === "get",
          Effect.suspend(() => next(call))
        )
      )
    )
  }
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): Outcome => {
  if (Exit.isSuccess(exit)) {
    const { value } = exit
    return Array.isArray(value) && value.length === 1 && value[0] === undefined ? "miss" : "ok"
  }
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause)) as { readonly _tag: string } | undefined
  return error?._tag ?? (Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "defect")
}
