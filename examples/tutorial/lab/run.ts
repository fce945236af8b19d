/** Runs the service of a chapter under the load of a scenario. */
import { Clock, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import type { Database, Products } from "../service.ts"
import { Queries, simulated } from "./database.ts"
import { type Answer, requestsOf, send } from "./load.ts"
import type { Scenario } from "./scenario.ts"

/** What a run has shown. */
export interface Result {
  readonly answers: ReadonlyArray<Answer>
  /** When each query of the database began, in milliseconds since the start. */
  readonly queries: ReadonlyArray<number>
  /** How many calls reached Redis, if there is one. */
  readonly redisCalls?: number
}

export type ChapterLayer = Layer.Layer<Products, unknown, Database>

/** Runs a service in this process. `waiting` lets the time pass while the requests are sent. */
const inOneProcess = Effect.fnUntraced(function* (
  service: ChapterLayer,
  scenario: Scenario,
  waiting: Effect.Effect<void>
) {
  const requests = yield* requestsOf(scenario)
  const start = yield* Clock.currentTimeMillis
  return yield* Effect.gen(function* () {
    const sending = yield* Effect.forkChild(send(requests, start))
    yield* waiting
    return { answers: yield* Fiber.join(sending), queries: yield* Queries } satisfies Result
  }).pipe(Effect.provide(service.pipe(Layer.provideMerge(simulated(scenario, Effect.succeed(start))))))
})

/**
 * Runs a service in virtual time: the clock moves on when all fibers wait, so that a run takes two seconds and its
 * numbers are the same each time. Only the database takes time. What the service computes takes none.
 */
export const inVirtualTime = (service: ChapterLayer, scenario: Scenario) =>
  Effect.flatMap(TestClock.testClockWith(Effect.succeed), ({ adjust }) =>
    inOneProcess(service, scenario, adjust((scenario.seconds + 5) * 1000))
  ).pipe(Effect.provide(TestClock.layer()))

export const inRealTime = (service: ChapterLayer, scenario: Scenario) => inOneProcess(service, scenario, Effect.void)
