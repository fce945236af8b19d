import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Value } from "../../Value.ts"
import { define, moment } from "./Case.ts"
import { equal, isTrue } from "./check.ts"

/** A load that counts its runs, reports when it has begun, and waits until the gate is opened. */
const gated = <E>(outcome: Effect.Effect<Value, E>) =>
  Effect.map(Effect.all([Deferred.make<void>(), Deferred.make<void>()]), ([started, gate]) => {
    const state = { runs: 0 }
    const load = Effect.gen(function* () {
      state.runs++
      yield* Deferred.succeed(started, undefined)
      yield* Deferred.await(gate)
      return yield* outcome
    })
    return { state, load, started: Deferred.await(started), open: Deferred.succeed(gate, undefined) }
  })

/** Enough time for callers to start waiting for a load, even if the store replies slowly. */
const aMoment = Effect.repeat(moment, { times: 10 })

/** Cases for `getOrSet`. */
export const loading = [
  define("loads a missing value with getOrSet and stores it [LO1]", ["Misses"], function* ({ kv, at }) {
    yield* equal(yield* kv.getOrSet("test", Effect.succeed({ a: 1 }), at), { a: 1 })
    yield* equal(yield* kv.get("test", at), { a: 1 })
    yield* equal(yield* kv.getOrSet("test", Effect.die("loaded again"), at), { a: 1 })
  }),
  define("treats every stored value as a hit in getOrSet [LO2]", [], function* ({ kv, at }) {
    for (const value of [null, 0, false, "", {}, [], new Uint8Array(0)]) {
      yield* kv.put("test", value, at)
      yield* equal(yield* kv.getOrSet("test", Effect.die("loaded"), at), value)
    }
  }),
  define("runs one load for 50 concurrent callers of getOrSet [LO3]", ["Misses"], function* ({ kv, at }) {
    const { state, load, started, open } = yield* gated(Effect.succeed({ list: [1] }))
    const callers = yield* Effect.forEach(Array(50).fill(0), () => Effect.forkChild(kv.getOrSet("test", load, at)))
    yield* started
    yield* aMoment
    yield* open
    const values = (yield* Fiber.joinAll(callers)) as ReadonlyArray<Value>
    yield* equal(
      values,
      values.map(() => ({ list: [1] }))
    )
    yield* equal(state.runs, 1, "runs")
    yield* equal(new Set(values).size, 50, "each caller has its own objects")
  }),
  define("fails every caller that shares a failed load, and stores nothing [LO4]", ["Misses"], function* ({ kv, at }) {
    const { state, load, started, open } = yield* gated(Effect.fail("boom"))
    const callers = yield* Effect.forEach(Array(10).fill(0), () =>
      Effect.forkChild(Effect.flip(kv.getOrSet("test", load, at)))
    )
    yield* started
    yield* aMoment
    yield* open
    yield* equal(yield* Fiber.joinAll(callers), Array(10).fill("boom"))
    yield* isTrue(state.runs < 10, `${state.runs} loads for 10 callers`)
    yield* equal(yield* kv.get("test", at), undefined)
    yield* equal(yield* kv.getOrSet("test", Effect.succeed("next"), at), "next")
  }),
  define("stores nothing when a load is interrupted [LO5]", ["Misses"], function* ({ kv, at }) {
    const { load, started, open } = yield* gated(Effect.succeed("late"))
    const caller = yield* Effect.forkChild(kv.getOrSet("test", load, at))
    yield* started
    yield* Fiber.interrupt(caller)
    yield* open
    yield* aMoment
    yield* equal(yield* kv.get("test", at), undefined)
    yield* equal(yield* kv.getOrSet("test", Effect.succeed("next"), at), "next")
  }),
  define("continues a shared load while at least one caller waits for it [LO6]", ["Misses"], function* ({ kv, at }) {
    const { load, started, open } = yield* gated(Effect.succeed("value"))
    const first = yield* Effect.forkChild(kv.getOrSet("test", load, at))
    yield* started
    const second = yield* Effect.forkChild(kv.getOrSet("test", load, at))
    yield* aMoment
    yield* Fiber.interrupt(first)
    yield* open
    yield* equal(yield* Fiber.join(second), "value")
    yield* equal(yield* kv.get("test", at), "value")
  }),
  define("stores a loaded value with the TTL of getOrSet [LO7]", ["Misses"], function* ({ kv, at, advance }) {
    yield* kv.getOrSet("test", Effect.succeed(1), { ...at, ttl: "1 second" })
    yield* equal(yield* kv.get("test", at), 1)
    yield* advance("1100 millis")
    yield* equal(yield* kv.getOrSet("test", Effect.succeed(2), at), 2)
  }),
  define("runs separate loads for different keys and collections [LO8]", ["Misses"], function* ({ kv, at }) {
    const other = { collection: `${at.collection}-other` }
    const answers = yield* Effect.all(
      [
        kv.getOrSet("a", Effect.succeed("a"), at),
        kv.getOrSet("b", Effect.succeed("b"), at),
        kv.getOrSet("a", Effect.succeed("other"), other)
      ],
      { concurrency: "unbounded" }
    )
    yield* equal(answers, ["a", "b", "other"])
  }),
  define("loads with getOrSetMany only what is missing, and stores it [LO9]", ["Misses"], function* ({ kv, at }) {
    yield* kv.put("b", "stored", at)
    const load = (missing: ReadonlyArray<string>) =>
      Effect.succeed(missing.filter((key) => key !== "none").map((key) => [key, { loaded: key }] as const))
    const answers = yield* kv.getOrSetMany(["a", "b", "none", "a"], load, { ...at, ttl: "1 hour" })
    yield* equal(answers, [{ loaded: "a" }, "stored", undefined, { loaded: "a" }])
    yield* isTrue(answers[0] !== answers[3], "each result has its own objects")
    yield* equal(yield* kv.getMany(["a", "none"], at), [{ loaded: "a" }, undefined])
    yield* isTrue((yield* kv.ttl("a", at))?.ttl !== undefined, "the entry has no TTL")
    yield* equal(yield* kv.getOrSetMany(["b", "a"], () => Effect.die("loaded again"), at), ["stored", { loaded: "a" }])
  })
]
