import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Driver, KeyValueError } from "../../src/index.ts"

/** What a step of a script does to a call, before or instead of the store. */
export type Step =
  | "ok"
  | "unavailable"
  | "refused"
  | "full"
  | "defect"
  | "hang"
  | "stuck"
  | "lost"
  | "late"
  | "midway"
  | number

export interface Script {
  /** What happens to each call. */
  steps: Array<Step>
  /** What happens to calls after the last step. Default: they go through. */
  always?: Step | undefined
  /** Every call so far. */
  readonly calls: Array<Driver.Call>
  /** How many hanging calls were interrupted. */
  interrupted: number
}

export const script = (...steps: Array<Step>): Script => ({ steps, calls: [], interrupted: 0 })

/**
 * A wrapper that follows a script: `unavailable`, `refused` and `full` fail, `hang` never returns, `stuck` never returns
 * and cannot be interrupted either, `lost` is applied and then fails, `late` fails and is applied five seconds later,
 * `defect` dies, `midway` is applied after half a second and returns after a whole one, and a number returns after
 * that many milliseconds.
 */
export const faulty = (script: Script) =>
  Driver.wrapper(
    Driver.around(<C extends Driver.Call, A, E>(call: C, next: Driver.Next<C, A, E>) =>
      Effect.suspend((): Effect.Effect<A, E | KeyValueError.CommonError> => {
        script.calls.push(call)
        const step = script.steps.shift() ?? script.always ?? "ok"
        const unavailable = (sent: boolean) =>
          Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "scripted", sent }))
        switch (step) {
          case "ok":
            return next(call)
          case "unavailable":
            return unavailable(false)
          case "lost":
            return Effect.andThen(next(call), unavailable(true))
          case "late":
            return Effect.andThen(Effect.forkDetach(Effect.delay(next(call), 5000)), unavailable(true))
          case "defect":
            return Effect.die(new Error("scripted"))
          case "midway":
            return Effect.delay(Effect.tap(next(call), Effect.sleep(500)), 500)
          case "refused":
            return Effect.fail(new KeyValueError.StoreError({ ...call.place, reason: "scripted" }))
          case "full":
            return Effect.fail(new KeyValueError.BulkheadFullError({ ...call.place, limit: 0 }))
          case "hang":
            return Effect.onInterrupt(Effect.never, () => Effect.sync(() => script.interrupted++))
          case "stuck":
            return Effect.uninterruptible(Effect.never)
          default:
            return Effect.delay(next(call), step)
        }
      })
    )
  )

/** The error with which a layer fails to build. */
export const buildError = <A, E>(layer: Layer.Layer<A, E>): Effect.Effect<E> =>
  Effect.flip(Effect.provide(Effect.void, layer)) as Effect.Effect<E>
