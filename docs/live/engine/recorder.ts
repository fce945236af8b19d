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

  constructor(id: number, layers: number) {
    this.id = id
    this.version = id + 1
    this.entered = new Uint16Array(layers)
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
  /** Called when a read leaves a layer, for layers that need it. Returns what is recorded as its outcome. */
  readonly onRead: Array<((outcome: Outcome, took: number, key: string) => Outcome) | undefined>

  constructor(time: VirtualTime, layers: number, withSteps: boolean) {
    this.time = time
    this.inside = new Array<number>(layers).fill(0)
    this.entered = new Array<number>(layers).fill(0)
    this.onRead = new Array<undefined>(layers).fill(undefined)
    this.steps = withSteps ? new StepWriter() : undefined
    this.background = new Asking(-1, layers)
  }

  /** Records an effect as a call at a layer. `key` is the key of a read. */
  around<A, E>(layer: number, key: string | undefined, effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
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
        const onRead = key === undefined ? undefined : this.onRead[layer]
        const recorded = onRead === undefined ? outcome : onRead(outcome, time.now - start, key!)
        steps?.leave(time.now, asking.id, layer, attempt, recorded)
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
          call._tag === "get" ? call.keys[0] : undefined,
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
