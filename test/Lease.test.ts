/** Tests leases in virtual time: waiting, renewals, takeovers, losses and releases, by several nodes over one store. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { layerClosed } from "../src/driver/layerClosed.ts"
import { type Atomic, Deadline, Driver, KeyValue, Lease, LimitSize, Memory, ReadOnly } from "../src/index.ts"
import { StoreUnavailableError } from "../src/KeyValueError.ts"
import { metricOf } from "./support/metrics.ts"
import { nodes } from "./support/nodes.ts"
import { interruptedBefore } from "./support/steps.ts"
import { ended, passing } from "./support/time.ts"

const collection = "effect-kv:leases"
const stored = (name = "job") =>
  KeyValue.KeyValue.use((kv) => kv.get(name, { collection })) as Effect.Effect<any, any, any>

/** Fails or delays calls of one node, as long as the switch says so. */
const broken = () => {
  const state: { mode: "up" | "down" | "silent" | "lost replies" } = { mode: "up" }
  const wrap = Driver.wrapper(
    Driver.around((call, next) =>
      Effect.suspend((): any => {
        const failure = new StoreUnavailableError({ ...call.place, reason: "test", sent: true })
        if (state.mode === "down") return Effect.fail(failure)
        if (state.mode === "silent") return Effect.never
        const isWrite = call._tag === "compareAndPut"
        return state.mode === "lost replies" && isWrite ? Effect.andThen(next(call), Effect.fail(failure)) : next(call)
      })
    )
  )
  return { state, wrap }
}

/** Holds the lease until it is lost or interrupted. */
const holding = (options: Lease.Options = {}) =>
  Effect.gen(function* () {
    const token = yield* Deferred.make<number>()
    const fiber = yield* Effect.forkChild(
      Lease.withLease("job", { wait: "Infinity", ...options }, (it) =>
        Effect.andThen(Deferred.succeed(token, it), Effect.never)
      )
    )
    return { fiber, token: Deferred.await(token) }
  })

const tryOnce = Lease.withLease("job", { wait: 0 }, Effect.succeed)

describe("Lease.withLease", () => {
  it.effect("runs the effect, releases the lease, and gives the next holder a greater token", () =>
    Effect.gen(function* () {
      const first = yield* tryOnce
      assert.isNull((yield* stored()).owner)
      assert.strictEqual(yield* tryOnce, first + 1)
      assert.strictEqual(yield* tryOnce, first + 2)
      const failed = yield* Effect.flip(Lease.withLease("job", { wait: 0 }, () => Effect.fail("no")))
      assert.strictEqual(failed, "no")
      const died = yield* Effect.exit(
        Lease.withLease("job", { wait: 0 }, () => {
          throw new Error("callback")
        })
      )
      assert.isTrue(Exit.hasDies(died))
      assert.strictEqual(yield* tryOnce, first + 5)
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("fails at once with LeaseUnavailableError when wait is 0 and another node holds the lease", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const [a, b] = [yield* node(), yield* node()]
      const holder = yield* a.run(holding())
      yield* holder.token
      const error = yield* Effect.flip(b.run(tryOnce))
      assert.strictEqual(error._tag, "LeaseUnavailableError")
      assert.include(error.message, 'lease in collection "effect-kv:leases": another holder has the lease')
      assert.deepStrictEqual((error as { retryAfter: Duration.Duration }).retryAfter, Duration.seconds(30))
      // Callers of the same process need not ask the store.
      assert.strictEqual((yield* Effect.flip(a.run(tryOnce)))._tag, "LeaseUnavailableError")
    })
  )

  it.effect("waits for a release by another node, and fails when wait is over", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const [a, b] = [yield* node(), yield* node()]
      const holder = yield* a.run(holding())
      const token = yield* holder.token
      const impatient = yield* ended(passing(b.run(Lease.withLease("job", { wait: "3 seconds" }, Effect.succeed))))
      assert.strictEqual(impatient[0], "LeaseUnavailableError")
      assert.isAtLeast(impatient[1], 3000)
      assert.isAtMost(impatient[1], 3100)
      const patient = yield* Effect.forkChild(b.run(Lease.withLease("job", {}, Effect.succeed)))
      yield* TestClock.adjust("7 seconds")
      assert.isUndefined(patient.pollUnsafe())
      yield* Fiber.interrupt(holder.fiber)
      yield* TestClock.adjust("1200 millis")
      assert.strictEqual(yield* Fiber.join(patient), token + 1)
    })
  )

  it.effect("keeps the lease for as long as the effect runs", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const [a, b] = [yield* node(), yield* node({ drift: { wall: 1e10, monotonic: 1e9, rate: 1.05 } })]
      const holder = yield* a.run(holding({ ttl: "10 seconds" }))
      yield* holder.token
      const other = yield* Effect.forkChild(b.run(Lease.withLease("job", { wait: "Infinity" }, Effect.succeed)))
      for (let i = 0; i < 60; i++) {
        yield* TestClock.adjust("1 second")
        // Jumps of the wall clocks mean nothing.
        a.drift.wall = (i % 5) * 1e9
        b.drift.wall = -(i % 7) * 1e9
      }
      assert.isUndefined(holder.fiber.pollUnsafe())
      assert.isUndefined(other.pollUnsafe())
    })
  )

  for (const mode of ["down", "silent"] as const) {
    it.effect(`loses the lease before another node can get it, when the store is ${mode} for the holder`, () =>
      Effect.gen(function* () {
        const node = yield* nodes()
        const { state, wrap } = broken()
        const a = yield* node({ wrap, drift: { rate: 0.97 } })
        const b = yield* node({ drift: { rate: 1.05 } })
        const holder = yield* a.run(holding({ ttl: "10 seconds" }))
        const token = yield* holder.token
        const other = yield* Effect.forkChild(b.run(Lease.withLease("job", { wait: "Infinity" }, Effect.succeed)))
        yield* TestClock.adjust("3 seconds")
        state.mode = mode
        let [lostAt, takenAt] = [0, 0]
        for (let at = 1; at <= 200; at++) {
          yield* TestClock.adjust("100 millis")
          if (lostAt === 0 && holder.fiber.pollUnsafe() !== undefined) lostAt = at
          if (takenAt === 0 && other.pollUnsafe() !== undefined) takenAt = at
        }
        const error = yield* Effect.flip(Fiber.join(holder.fiber))
        assert.deepInclude(error, {
          _tag: "LeaseLostError",
          reason: "expired",
          token,
          retryable: true,
          outcome: "unknown"
        })
        assert.strictEqual(yield* Fiber.join(other), token + 1)
        assert.isAbove(lostAt, 0)
        assert.isBelow(lostAt, takenAt)
        // The lease was last renewed at or after the start, and lives for 10 seconds.
        assert.isAtMost(takenAt, 110)
      })
    )
  }

  it.effect("survives failures of the store that are shorter than the TTL", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const { state, wrap } = broken()
      const a = yield* node({ wrap })
      const holder = yield* a.run(holding({ ttl: "10 seconds" }))
      yield* holder.token
      for (const mode of ["down", "silent", "lost replies", "up"] as const) {
        state.mode = mode
        yield* TestClock.adjust("4 seconds")
        state.mode = "up"
        yield* TestClock.adjust("4 seconds")
        assert.isUndefined(holder.fiber.pollUnsafe(), mode)
      }
    })
  )

  it.effect("takes over the lease of a node that died after its TTL, also by attempts that do not wait", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const { state, wrap } = broken()
      const [a, b] = [yield* node({ wrap }), yield* node()]
      const holder = yield* a.run(holding({ ttl: "10 seconds" }))
      const token = yield* holder.token
      state.mode = "silent"
      const attempts: Array<string | number> = []
      for (let i = 0; i < 12; i++) {
        attempts.push((yield* ended(b.run(tryOnce)))[0])
        yield* TestClock.adjust("1 second")
      }
      const failed = Array.from({ length: 10 }, () => "LeaseUnavailableError")
      assert.deepStrictEqual(attempts, [...failed, token + 1, token + 2])
    })
  )

  it.effect("recognizes its own lease when the reply to the acquisition was lost", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const { state, wrap } = broken()
      const a = yield* node({ wrap })
      state.mode = "lost replies"
      const [token, millis] = yield* ended(
        passing(
          a.run(
            Lease.withLease("job", {}, (token) => {
              state.mode = "up"
              return Effect.succeed(token)
            })
          )
        )
      )
      assert.isNumber(token)
      assert.isBelow(millis, 100)
    })
  )

  for (const [change, reason] of [
    [KeyValue.KeyValue.use((kv) => kv.delete("job", { collection })), "gone"],
    [
      KeyValue.KeyValue.use((kv) => kv.put("job", { token: 9, owner: "other", beat: 1, ttl: 5000 }, { collection })),
      "taken"
    ]
  ] as const) {
    it.effect(`interrupts the effect and fails with LeaseLostError when the entry is ${reason}`, () =>
      Effect.gen(function* () {
        const holder = yield* holding()
        yield* holder.token
        yield* change
        yield* TestClock.adjust("10 seconds")
        const error = yield* Effect.flip(Fiber.join(holder.fiber))
        assert.deepInclude(error, { _tag: "LeaseLostError", reason })
        assert.deepStrictEqual(yield* metricOf("effect_kv.lease.held"), [[{ "db.system.name": "memory" }, 0]])
        assert.deepStrictEqual(yield* metricOf("effect_kv.lease.lost"), [[{ "db.system.name": "memory", reason }, 1]])
        // The entry of another holder is not touched.
        if (reason === "taken") assert.strictEqual((yield* stored()).owner, "other")
      }).pipe(Effect.provide(Memory.layer()), Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))
    )
  }

  it.effect("fails with LeaseLostError when the process stood still for too long, although the effect succeeded", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const a = yield* node()
      const stalls = Lease.withLease("job", { ttl: "1 second" }, () =>
        Effect.sync(() => {
          a.drift.monotonic += 950
        })
      )
      assert.deepInclude(yield* Effect.flip(a.run(stalls)), { _tag: "LeaseLostError", reason: "expired" })
    })
  )

  it.effect("ends after the regions of the effect that cannot be interrupted", () =>
    Effect.gen(function* () {
      let finished = false
      const fiber = yield* Effect.forkChild(
        Lease.withLease("job", { ttl: "1 second" }, () =>
          Effect.uninterruptible(
            Effect.andThen(
              Effect.sleep("5 seconds"),
              Effect.sync(() => void (finished = true))
            )
          )
        )
      )
      yield* TestClock.adjust("100 millis")
      yield* KeyValue.KeyValue.use((kv) => kv.delete("job", { collection }))
      yield* TestClock.adjust("4 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "LeaseLostError")
      assert.isTrue(finished)
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("gives the lease to the callers of one process in their order, and lets only the first ask the store", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      let calls = 0
      const wrap = Driver.wrapper(
        Driver.around((call, next) => {
          calls++
          return next(call)
        })
      )
      const [a, b] = [yield* node({ wrap }), yield* node()]
      const holder = yield* b.run(holding())
      yield* holder.token
      const order: Array<number> = []
      const count = 300
      const waiting = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: count }, (_, i) => i),
          (i) => a.run(Lease.withLease("job", { wait: "Infinity" }, () => Effect.sync(() => void order.push(i)))),
          { concurrency: "unbounded", discard: true }
        )
      )
      yield* TestClock.adjust("10 seconds")
      assert.isBelow(calls, 40)
      assert.deepStrictEqual(order, [])
      yield* Fiber.interrupt(holder.fiber)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(waiting)
      assert.deepStrictEqual(
        order,
        order.toSorted((x, y) => x - y)
      )
      assert.strictEqual(order.length, count)
    })
  )

  it.effect("fails with LeaseUnavailableError after wait while another caller of the process has the lease", () =>
    Effect.gen(function* () {
      const holder = yield* holding()
      yield* holder.token
      const [result, millis] = yield* ended(passing(Lease.withLease("job", { wait: "2 seconds" }, Effect.succeed)))
      assert.deepStrictEqual([result, millis], ["LeaseUnavailableError", 2000])
      yield* Fiber.interrupt(holder.fiber)
      yield* tryOnce
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("fails with the error of the store when the store has failed for the TTL, or when wait is over", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const { state, wrap } = broken()
      const a = yield* node({ wrap })
      for (const [mode, tag] of [
        ["down", "StoreUnavailableError"],
        ["silent", "TimeoutError"]
      ] as const) {
        state.mode = mode
        const attempt = (options: Lease.Options) =>
          ended(passing(a.run(Lease.withLease("job", options, Effect.succeed))))
        const [result, millis] = yield* attempt({ ttl: "5 seconds", wait: "Infinity" })
        assert.strictEqual(result, tag)
        assert.isAtLeast(millis, 5000)
        assert.isAtMost(millis, 12_000)
        assert.strictEqual((yield* attempt({ ttl: "5 seconds", wait: 0 }))[0], tag)
        const waited = yield* attempt({ ttl: "5 seconds", wait: "1 second" })
        assert.strictEqual(waited[0], tag)
        if (mode === "down") assert.isAtMost(waited[1], 1100)
      }
    })
  )

  it.effect("waits no longer than wait, or 5 seconds, for a store that does not answer", () =>
    Effect.gen(function* () {
      const store = broken()
      const one = yield* (yield* nodes())({ wrap: store.wrap })
      store.state.mode = "silent"
      for (const [wait, atLeast] of [
        [0, 5000],
        ["1 second", 5000],
        ["8 seconds", 8000]
      ] as const) {
        const fiber = yield* Effect.forkChild(one.run(Lease.withLease("job", { wait }, Effect.succeed)))
        yield* TestClock.adjust(atLeast - 1)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.isDefined(fiber.pollUnsafe())
        assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "TimeoutError")
      }
    })
  )

  it.effect("loses the lease when the layer is closed, and fails for callers that wait", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Scope.provide(Layer.build(Memory.layer()), scope)
      const holder = yield* Effect.provide(holding({ ttl: "3 seconds" }), context)
      yield* holder.token
      const waiting = yield* Effect.forkChild(Effect.provide(Lease.withLease("job", {}, Effect.succeed), context))
      yield* TestClock.adjust("100 millis")
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* Effect.flip(Fiber.join(holder.fiber)), { _tag: "LeaseLostError", reason: "closed" })
      assert.strictEqual((yield* Effect.flip(Fiber.join(waiting)))._tag, "StoreUnavailableError")
      assert.isTrue(layerClosed({ operation: "lease", collection, keys: [] }).isClosed)
    })
  )

  it.effect("fails with a typed error when the stack does not store the entry", () =>
    Effect.gen(function* () {
      const errorOf = (layer: Layer.Layer<Atomic.Atomic, any>) => Effect.flip(Effect.provide(tryOnce, layer))
      const small = yield* errorOf(Memory.layer().pipe(LimitSize.wrap({ maxSize: 10, onTooLarge: "ignore" })))
      assert.strictEqual(small._tag, "StoreError")
      assert.strictEqual((yield* errorOf(Memory.layer().pipe(ReadOnly.wrap())))._tag, "ReadOnlyError")
      const foreign = Memory.layer({ seed: { [collection]: { job: { token: "x" } } } })
      assert.strictEqual((yield* errorOf(foreign))._tag, "DeserializationError")
    })
  )

  it.effect("fails with a typed error for a name or an option that is not valid", () =>
    Effect.gen(function* () {
      const errorOf = (name: string, options: any) => Effect.flip(Lease.withLease(name, options, Effect.succeed))
      assert.strictEqual((yield* errorOf("\ud800", {}))._tag, "InvalidKeyError")
      for (const options of [
        { ttl: 99 },
        { ttl: "Infinity" },
        { wait: -1 },
        { collection: 5 },
        { forgetAfter: 0 },
        null
      ]) {
        assert.strictEqual((yield* errorOf("job", options))._tag, "StoreSetupError")
      }
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("gives a greater token after the entry was forgotten or cleared", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_000_000)
      const first = yield* Lease.withLease("job", { forgetAfter: "1 minute" }, Effect.succeed)
      yield* TestClock.adjust("59 seconds")
      assert.isDefined(yield* stored())
      yield* TestClock.adjust("2 seconds")
      assert.isUndefined(yield* stored())
      assert.isAbove(yield* tryOnce, first)
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("stops waiting at the deadline of the caller, and keeps the lease longer than that deadline", () =>
    Effect.gen(function* () {
      const holder = yield* holding()
      yield* holder.token
      const late = Deadline.within(Lease.withLease("job", {}, Effect.succeed), "1 second")
      assert.deepStrictEqual(yield* ended(passing(late)), ["TimeoutError", 1000])
      yield* Fiber.interrupt(holder.fiber)
      const long = yield* Effect.forkChild(
        Deadline.within(
          Lease.withLease("job", { ttl: "1 second" }, () => Effect.sleep("5 seconds")),
          "2 seconds"
        )
      )
      yield* TestClock.adjust("6 seconds")
      yield* Fiber.join(long)
    }).pipe(Effect.provide(Memory.layer().pipe(Deadline.wrap())))
  )

  it.effect("releases the lease wherever the caller is interrupted", () =>
    Effect.gen(function* () {
      let held = 0
      for (let step = 1; step <= 120; step++) {
        const body = Effect.acquireUseRelease(
          Effect.sync(() => void held++),
          () => Effect.yieldNow,
          () => Effect.sync(() => void held--)
        )
        yield* interruptedBefore(
          step,
          Lease.withLease("job", {}, () => body)
        )
        yield* interruptedBefore(step, Effect.scoped(Effect.andThen(Lease.acquire("job"), Effect.yieldNow)))
        assert.strictEqual(held, 0)
        yield* tryOnce
      }
    }).pipe(Effect.provide(Memory.layer()))
  )
})

describe("Lease.acquire", () => {
  it.effect("holds the lease until the scope is closed", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const lease = yield* Scope.provide(Lease.acquire("job", { ttl: "1 second" }), scope)
      assert.strictEqual(lease.name, "job")
      yield* TestClock.adjust("10 seconds")
      assert.isTrue(yield* lease.isHeld)
      assert.strictEqual((yield* stored()).token, lease.token)
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(yield* lease.isHeld)
      assert.strictEqual(yield* tryOnce, lease.token + 1)
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("tells that the lease is lost, and logs nothing but a release that fails", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const { state, wrap } = broken()
      const a = yield* node({ wrap })
      const scope = yield* Scope.make()
      const lease = yield* a.run(Scope.provide(Lease.acquire("job", { ttl: "1 second" }), scope))
      const lost = yield* Effect.forkChild(Effect.flip(lease.whenLost))
      state.mode = "down"
      yield* TestClock.adjust("850 millis")
      assert.isTrue(yield* lease.isHeld)
      yield* TestClock.adjust("60 millis")
      assert.isFalse(yield* lease.isHeld)
      assert.strictEqual((yield* Fiber.join(lost)).reason, "expired")
      yield* Scope.close(scope, Exit.void)
    })
  )

  it.effect("ends the scope within the TTL, or 5 seconds, when the store does not answer the release", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const { state, wrap } = broken()
      const a = yield* node({ wrap })
      const body = Lease.withLease("job", {}, () => Effect.sync(() => void (state.mode = "silent")))
      assert.deepStrictEqual(yield* ended(passing(a.run(body))), [undefined, 5000])
    })
  )

  it.effect("leaves nothing behind when the acquisition is given up in a scope that stays open", () =>
    Effect.gen(function* () {
      const holder = yield* holding()
      yield* holder.token
      const attempt = Effect.timeoutOption(Lease.acquire("job", { wait: "Infinity" }), "1 second")
      yield* passing(attempt)
      yield* Fiber.interrupt(holder.fiber)
      yield* tryOnce
      assert.deepStrictEqual(yield* metricOf("effect_kv.lease.waiting"), [[{ "db.system.name": "memory" }, 0]])
    }).pipe(Effect.provide(Memory.layer()), Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
