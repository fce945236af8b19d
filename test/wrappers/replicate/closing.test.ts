/** Tests that closing a layer of Replicate ends waiting callers and waits for no store. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as Calls from "../../../src/driver/Calls.ts"
import { KeyValue } from "../../../src/index.ts"
import { inTurns } from "../../../src/wrappers/replicate/inTurns.ts"
import { Queues } from "../../../src/wrappers/replicate/Queues.ts"
import { replicated } from "../../../src/wrappers/replicate/replicated.ts"
import { opened } from "../../support/opened.ts"
import { store } from "../fallback/setup.ts"
import { aWhile, setup, stored } from "./setup.ts"

const told = (error: unknown) => {
  const { _tag, outcome, isClosed } = error as { _tag: string; outcome?: string; isClosed?: boolean }
  return [_tag, outcome, isClosed]
}

describe("closing Replicate", () => {
  for (const step of ["hang", "stuck"] as const) {
    it.effect(`fails writes with an unknown outcome when a store may have applied them (${step})`, () =>
      Effect.gen(function* () {
        const { plans, layer } = yield* setup(2, { acknowledgements: "all" })
        const { kv, close } = yield* opened(layer)
        plans[0]!.always = plans[1]!.always = step
        const sent = yield* Effect.forkChild(Effect.flip(kv.put("a", 1)), { startImmediately: true })
        const waiting = yield* Effect.forkChild(Effect.flip(kv.put("a", 2)), { startImmediately: true })
        const reader = yield* Effect.forkChild(Effect.flip(kv.get("a")), { startImmediately: true })
        yield* close
        assert.deepStrictEqual(told(yield* Fiber.join(sent)), ["StoreUnavailableError", "unknown", true])
        assert.deepStrictEqual(told(yield* Fiber.join(waiting)), ["StoreUnavailableError", "not-applied", true])
        assert.deepStrictEqual(told(yield* Fiber.join(reader)), ["StoreUnavailableError", undefined, true])
      })
    )
  }

  it.effect("does not wait for a repair that cannot be interrupted", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: 1 })
      const { kv, close } = yield* opened(layer)
      plans[1]!.steps = ["unavailable", "ok", "stuck"]
      yield* kv.put("a", 1)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(plans[1]!.steps, [], "the repair has begun")
      yield* close
    })
  )

  it.effect("makes every later operation of the driver fail at once", () =>
    Effect.gen(function* () {
      const { driver } = yield* store
      const stores = stored([driver, driver])
      const { get, put, delete: remove, listing, maintenance } = replicated(stores, [driver, driver])
      stores.close()
      const place = { operation: "put", collection: "c", keys: ["k"] } as const
      for (const operation of [
        get(Calls.get(place)),
        put(Calls.put(place, [])),
        remove(Calls.remove(place)),
        listing!.keys(Calls.keys(place)),
        listing!.collections(Calls.collections(place)),
        maintenance!.clear(Calls.clear(place)),
        maintenance!.removeExpired(Calls.removeExpired(place))
      ] as ReadonlyArray<Effect.Effect<unknown, unknown>>) {
        assert.deepStrictEqual(told(yield* Effect.flip(operation)), ["StoreUnavailableError", "not-applied", true])
      }
    })
  )

  it.effect("fails readers that would wait for a turn at the next store", () =>
    Effect.gen(function* () {
      const queues = new Queues()
      const turns = {
        queues,
        ids: ["a"],
        alone: false,
        place: { operation: "get", collection: "c", keys: ["a"] }
      } as const
      yield* Effect.forkChild(
        inTurns({ ...turns, alone: true }, () => Effect.never),
        { startImmediately: true }
      )
      queues.close()
      const error = yield* Effect.flip(inTurns(turns, () => Effect.void))
      assert.deepStrictEqual([error._tag, error.isClosed], ["StoreUnavailableError", true])
    })
  )

  it.effect("starts no write that was waiting for its turn", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: 1 })
      const { kv, close } = yield* opened(layer)
      plans[1]!.always = "hang"
      yield* kv.put("a", 1)
      yield* kv.put("a", 2)
      yield* close
      yield* aWhile
      assert.deepStrictEqual([plans[1]!.calls.length, plans[1]!.interrupted], [1, 1])
    })
  )
})

describe("a driver that throws when it is called", () => {
  it.effect("fails only its own store's write, and later writes succeed", () =>
    Effect.gen(function* () {
      const [one, two] = yield* Effect.all([store, store])
      let isThrowing = true
      const thrower = {
        ...two.driver,
        put: (call: Parameters<typeof two.driver.put>[0]) => {
          if (isThrowing) throw new Error("scripted")
          return two.driver.put(call)
        },
        maintenance: {
          ...two.driver.maintenance!,
          removeExpired: () => {
            throw new Error("scripted")
          }
        }
      }
      const drivers = [one.driver, thrower] as const
      const driver = replicated(stored(drivers), [...drivers])
      const kv = KeyValue.make(driver)
      yield* kv.put("a", 1)
      isThrowing = false
      yield* kv.put("a", 2)
      assert.deepStrictEqual([yield* one.kv.get("a"), yield* two.kv.get("a")], [2, 2])
      const place = { operation: "removeExpired", collection: "", keys: [] } as const
      const remove = driver.maintenance!.removeExpired(Calls.removeExpired(place))
      const next = yield* remove
      const exit = yield* Effect.exit(
        Effect.suspend(() => driver.maintenance!.removeExpired(Calls.removeExpired(place, { cursor: next.next })))
      )
      assert.strictEqual(exit._tag, "Failure", "a defect of the effect, not of the call")
    })
  )
})
