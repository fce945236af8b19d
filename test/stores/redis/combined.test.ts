/** Tests increments of one counter in Redis that several fibers make in the same turn of the event loop. */
import { assert, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Redis as Client } from "ioredis"
import * as Atomic from "../../../src/Atomic.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Memory from "../../../src/stores/Memory.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { describeWithRedis } from "../../servers/redis.ts"
import { connect, uniquePrefix } from "./support.ts"

/** Counts the scripts that a client runs. */
const countScripts = (client: Client) => {
  let count = 0
  const send = client.sendCommand.bind(client)
  vi.spyOn(client, "sendCommand").mockImplementation((command, stream) => {
    if (command.name === "evalsha") count++
    return send(command, stream)
  })
  return () => {
    const before = count
    count = 0
    return before
  }
}

type Step = readonly [by: number, options?: Atomic.IncrementOptions]

/** Increments the counter "n" at the same time. The result is the value, or the tag of the error. */
const together = (steps: ReadonlyArray<Step>) =>
  Atomic.Atomic.use((atomic) =>
    Effect.forEach(
      steps,
      ([by, options]) =>
        Effect.map(Effect.result(atomic.increment("n", by, options)), (result) =>
          Result.isSuccess(result) ? result.success : result.failure._tag
        ),
      { concurrency: "unbounded" }
    )
  )

const get = KeyValue.KeyValue.use((kv) => kv.get("n"))

describeWithRedis("increments of one counter in one turn", (server) => {
  const open = Effect.gen(function* () {
    const client = yield* connect(server().url)
    yield* Effect.promise(() => client.ping())
    const prefix = uniquePrefix()
    const layer = Redis.layer({ client, prefix })
    yield* Effect.provide(together([[0]]), Redis.layer({ client, prefix: uniquePrefix() }))
    return { client, prefix, layer, scripts: countScripts(client) }
  })

  it.effect("are sent as one command, and each returns the counter after its own increment", () =>
    Effect.gen(function* () {
      const { layer, scripts } = yield* open
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* together([[1], [2], [0], [3], [4]]), [1, 3, 3, 6, 10])
        assert.strictEqual(scripts(), 1)
        assert.deepStrictEqual(yield* together([[-1], [-2], [-3]]), [9, 7, 4])
        assert.strictEqual(scripts(), 1)
        assert.strictEqual(yield* get, 4)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("are not combined if they differ in direction, limits, initial value or expiry", () =>
    Effect.gen(function* () {
      const { layer, scripts } = yield* open
      const steps: ReadonlyArray<Step> = [
        [1, { initial: 10 }],
        [1],
        [-1],
        [1, { max: 20 }],
        [1, { max: 21 }],
        [1, { ttl: "1 hour" }],
        [1, { ttl: "2 hours" }],
        [1, { ttl: "2 hours", renew: true }],
        [Number.MAX_SAFE_INTEGER - 20],
        [Number.MAX_SAFE_INTEGER],
        [-1, { min: 0 }]
      ]
      yield* Effect.gen(function* () {
        const results = yield* together(steps)
        const expected = [11, 12, 11, 12, 13, 14, 15, 16, Number.MAX_SAFE_INTEGER - 4, "CounterRangeError"]
        assert.deepStrictEqual(results, [...expected, Number.MAX_SAFE_INTEGER - 5])
        assert.strictEqual(scripts(), steps.length)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("stop exactly at the limit", () =>
    Effect.gen(function* () {
      const { layer, scripts } = yield* open
      yield* Effect.gen(function* () {
        const results = yield* together(Array.from({ length: 10 }, (): Step => [2, { max: 9 }]))
        assert.deepStrictEqual(results, [2, 4, 6, 8, ...Array(6).fill("CounterRangeError")])
        assert.strictEqual(scripts(), 11)
        assert.strictEqual(yield* get, 8)
        const down = yield* together(Array.from({ length: 10 }, (): Step => [-1, { min: 5 }]))
        assert.deepStrictEqual(down, [7, 6, 5, ...Array(7).fill("CounterRangeError")])
        const below = yield* together(Array.from({ length: 3 }, (): Step => [1, { min: 7 }]))
        assert.deepStrictEqual(below, ["CounterRangeError", "CounterRangeError", "CounterRangeError"])
        assert.strictEqual(yield* get, 5)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect.prop(
    "return what they would return one after the other",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: -3, maximum: 3 }))).check(Schema.isMaxLength(30))],
    ([numbers]) =>
      Effect.gen(function* () {
        const steps = numbers.map((by): Step => [by])
        const inTurn = Effect.forEach(steps, ([by]) => Atomic.Atomic.use((atomic) => atomic.increment("n", by)))
        const expected = yield* Effect.provide(inTurn, Memory.layer())
        const store = Redis.layer({ url: server().url, prefix: uniquePrefix() })
        assert.deepStrictEqual(yield* Effect.provide(together(steps), store), expected)
      }),
    { arbitrary: { runs: 20 } }
  )

  it.live("are each counted once if the stored form needs a read and a conditional write", () =>
    Effect.gen(function* () {
      const { client, prefix, layer } = yield* open
      yield* Effect.promise(() => client.set(`${prefix}default_collection::n`, '{"version":2,"value":5}'))
      yield* Effect.gen(function* () {
        assert.sameMembers([...(yield* together([[1], [1], [1]]))], [6, 7, 8])
        assert.strictEqual(yield* get, 8)
      }).pipe(Effect.provide(layer))
    })
  )

  it.live("count an increment whose caller was interrupted, and keep the results of the others", () =>
    Effect.gen(function* () {
      const { layer } = yield* open
      yield* Effect.gen(function* () {
        const atomic = yield* Atomic.Atomic
        const fibers: Array<Fiber.Fiber<number, unknown>> = []
        for (let i = 0; i < 3; i++) {
          fibers.push(yield* Effect.forkChild(atomic.increment("n"), { startImmediately: true }))
        }
        fibers[1]!.interruptUnsafe()
        const exits = yield* Effect.forEach(fibers, Fiber.await)
        assert.deepStrictEqual([exits[0], exits[2]], [Exit.succeed(1), Exit.succeed(3)])
        assert.isTrue(Exit.hasInterrupts(exits[1]!))
        assert.strictEqual(yield* get, 3)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("fail each with an error of its own, and without effect, if the key has another type", () =>
    Effect.gen(function* () {
      const { client, prefix, layer } = yield* open
      yield* Effect.promise(() => client.lpush(`${prefix}default_collection::n`, "x"))
      const errors = yield* Effect.provide(
        Atomic.Atomic.use(({ increment }) =>
          Effect.forEach([1, 2], (by) => Effect.flip(increment("n", by)), { concurrency: "unbounded" })
        ),
        layer
      )
      for (const error of errors) {
        assert.deepStrictEqual([error._tag, "outcome" in error && error.outcome], ["StoreError", "not-applied"])
      }
      assert.notStrictEqual(errors[0], errors[1])
    })
  )
})
