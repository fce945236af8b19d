import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { CurrentRequest, type Request } from "../../src/internal/request.ts"
import { SingleFlight } from "../../src/internal/SingleFlight.ts"
import { Turns } from "../../src/internal/Turns.ts"

const unknown = Effect.provideService(CurrentRequest, "unknown")

const request = (): Request => ({ waitUntil: () => {} })

/** A load that waits, and counts how often it was begun. */
const counted = Effect.gen(function* () {
  const gate = yield* Deferred.make<void>()
  const counts = { loads: 0 }
  const load = Effect.suspend(() => {
    const own = ++counts.loads
    return Effect.as(Deferred.await(gate), own)
  })
  return { counts, load, open: Deferred.succeed(gate, undefined) }
})

describe("loads of requests that share nothing", () => {
  it.effect("are not joined by unknown requests", () =>
    Effect.gen(function* () {
      const flights = new SingleFlight<number, never>()
      const { counts, load, open } = yield* counted
      const fibers = yield* Effect.replicateEffect(
        Effect.forkChild(unknown(flights.run("a", () => load)), { startImmediately: true }),
        3
      )
      assert.strictEqual(counts.loads, 3)
      yield* open
      assert.deepStrictEqual(yield* Fiber.joinAll(fibers), [1, 2, 3])
    })
  )

  it.effect("are joined within one known request, and by no other", () =>
    Effect.gen(function* () {
      const flights = new SingleFlight<number, never>()
      const { load, open } = yield* counted
      const [one, two] = [request(), request()]
      const fibers = yield* Effect.forEach([one, two, one, two, "shared"] as const, (each) =>
        Effect.forkChild(
          Effect.provideService(
            flights.run("a", () => load),
            CurrentRequest,
            each
          ),
          {
            startImmediately: true
          }
        )
      )
      yield* open
      assert.deepStrictEqual(yield* Fiber.joinAll(fibers), [1, 2, 1, 2, 3])
    })
  )

  it.effect("are told of each key that is dropped, and of no load that is not under way", () =>
    Effect.gen(function* () {
      const flights = new SingleFlight<ReadonlyArray<boolean>, never>()
      const dropped = (then: () => void) =>
        unknown(
          flights.runMany(["a", "b"], (keys, isDropped) =>
            Effect.sync(() => {
              then()
              return [keys.map(isDropped), []]
            })
          )
        )
      assert.deepStrictEqual((yield* dropped(() => {}))[0], [false, false])
      assert.isFalse(flights.isIdle, "a write must tell loads that are not known")
      assert.deepStrictEqual((yield* dropped(() => flights.drop("b")))[0], [false, true])
      assert.deepStrictEqual((yield* dropped(() => flights.dropAll()))[0], [true, true])
      assert.deepStrictEqual((yield* dropped(() => {}))[0], [false, false])
    })
  )

  it.effect("are not joined within a request after they were dropped", () =>
    Effect.gen(function* () {
      const flights = new SingleFlight<number, never>()
      const { load, open } = yield* counted
      const join = Effect.forkChild(
        flights.run("a", () => load),
        { startImmediately: true }
      )
      const answers = yield* Effect.gen(function* () {
        const first = yield* join
        flights.drop("a")
        const others = [yield* join, yield* join]
        yield* open
        return yield* Fiber.joinAll([first, ...others])
      }).pipe(Effect.provideService(CurrentRequest, request()))
      assert.deepStrictEqual(answers, [1, 2, 2])
    })
  )

  it.effect("that wait for themselves are a defect, not a load without end", () =>
    Effect.gen(function* () {
      const flights = new SingleFlight<number, never>()
      const b: Effect.Effect<number> = Effect.suspend(() => flights.run("b", () => a))
      const a: Effect.Effect<number> = Effect.suspend(() => flights.run("a", () => b))
      for (const each of ["unknown", request()] as const) {
        const exit = yield* Effect.exit(Effect.provideService(a, CurrentRequest, each))
        assert.match(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", /A load waits for itself: b → a/)
      }
    })
  )

  it.effect("nobody waits for a turn behind a request that never ends", () =>
    Effect.gen(function* () {
      const turns = new Turns()
      yield* Effect.forkChild(unknown(turns.take("a", Effect.never)), { startImmediately: true })
      assert.strictEqual(yield* unknown(turns.take("a", Effect.succeed("done"))), "done")
    })
  )
})
