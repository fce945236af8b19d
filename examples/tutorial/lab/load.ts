/** Open-loop load: each request is sent when it is due, whether or not the ones before it have been answered. */
import { Clock, Effect, Exit, Random } from "effect"
import { Products } from "../service.ts"
import type { Scenario } from "./scenario.ts"

export interface Request {
  /** When it is due, in milliseconds since the start. */
  readonly at: number
  readonly product: string
}

export interface Answer {
  readonly at: number
  /** How long the caller waited, in milliseconds. */
  readonly took: number
  /** The tag of the error that the caller got. */
  readonly error?: string
  /** How old the value was that the caller got, in milliseconds. */
  readonly age?: number
}

/** How long a caller waits, in milliseconds. */
const patience = 2000

/** All requests of a run. */
export const requestsOf = ({ seed, seconds, requestsPerSecond, products, hot }: Scenario) =>
  Effect.gen(function* () {
    const requests: Array<Request> = []
    for (let at = 0; ; ) {
      at += (-Math.log(1 - (yield* Random.next)) * 1000) / requestsPerSecond
      if (at >= seconds * 1000) return requests as ReadonlyArray<Request>
      const isHot = (yield* Random.next) < hot
      requests.push({ at, product: isHot ? "1" : String(yield* Random.nextIntBetween(2, products + 1)) })
    }
  }).pipe(Random.withSeed(`${seed}/load`))

/** Sends requests to the service, and returns all answers. */
export const send = Effect.fnUntraced(function* (requests: ReadonlyArray<Request>, start: number) {
  const products = yield* Products
  return yield* Effect.forEach(
    requests,
    Effect.fnUntraced(function* ({ at, product }) {
      yield* Effect.sleep(Math.max(0, start + at - (yield* Clock.currentTimeMillis)))
      const began = yield* Clock.monotonicTimeNanos
      const exit = yield* Effect.exit(
        Effect.timeoutOrElse(products.get(product), {
          duration: patience,
          orElse: () => Effect.fail({ _tag: "gave up" })
        })
      )
      const took = Number((yield* Clock.monotonicTimeNanos) - began) / 1e6
      const answer = { at, took }
      return Exit.isSuccess(exit)
        ? { ...answer, age: (yield* Clock.currentTimeMillis) - exit.value.readAt }
        : { ...answer, error: tagOf(exit) }
    }),
    { concurrency: "unbounded" }
  )
})

const tagOf = (exit: Exit.Failure<unknown, { readonly _tag: string }>): string => {
  const [reason] = exit.cause.reasons
  return reason?._tag === "Fail" ? reason.error._tag : "defect"
}
