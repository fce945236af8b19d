/** Sqlite on a file that other connections and processes lock. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Calls from "../../../src/driver/Calls.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import { runNode } from "../../support/program.ts"
import { connect, refused, temporaryFile, withStore } from "./support.ts"

/** Runs a test on a store whose file another connection has locked for writing. */
const whileLocked = <A, E, R>(test: (kv: KeyValue.Service, unlock: (sql?: string) => void) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    yield* Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("a", "before")
      const other = yield* connect(filename)
      other.exec("BEGIN IMMEDIATE")
      yield* test(kv, (sql = "ROLLBACK") => other.exec(sql))
    }).pipe(withStore({ filename, busyTimeout: "2 seconds" }))
  })

/** The failure of an effect, and how long it took by the test's clock. */
const failureOf = Effect.fnUntraced(function* <A, E>(effect: Effect.Effect<A, E>) {
  const start = yield* Clock.currentTimeMillis
  const fiber = yield* Effect.forkChild(Effect.all([Effect.flip(effect), Clock.currentTimeMillis]))
  yield* TestClock.adjust("3 seconds")
  const [error, end] = yield* Fiber.join(fiber)
  return { error, millis: end - start }
})

describe("a lock of another connection", () => {
  it.effect("is awaited while other fibers run", () =>
    whileLocked(
      Effect.fnUntraced(function* (kv, unlock) {
        const write = yield* Effect.forkChild(kv.put("a", "after"))
        yield* TestClock.adjust("1 second")
        assert.isUndefined(write.pollUnsafe())
        assert.strictEqual(yield* kv.get("a"), "before")
        unlock()
        yield* TestClock.adjust("30 millis")
        yield* Fiber.join(write)
        assert.strictEqual(yield* kv.get("a"), "after")
      })
    )
  )

  it.effect("fails single and batch writes after busyTimeout, and nothing is written", () =>
    whileLocked(
      Effect.fnUntraced(function* (kv, unlock) {
        const batch = kv.putMany([
          ["a", "after"],
          ["b", 1]
        ])
        for (const write of [kv.put("a", "after"), batch, kv.delete("a")]) {
          const { error, millis } = yield* failureOf(write)
          assert.strictEqual(error._tag, "StoreUnavailableError")
          assert.isTrue(error.retryable)
          assert.strictEqual("outcome" in error && error.outcome, "not-applied")
          assert.isAtLeast(millis, 1900)
          assert.isAtMost(millis, 2100)
        }
        unlock()
        assert.deepStrictEqual(yield* kv.getMany(["a", "b"]), ["before", undefined])
      })
    )
  )

  it.effect("is not awaited after the deadline of the call", () =>
    whileLocked(
      Effect.fnUntraced(function* (kv) {
        const deadline = (yield* Clock.currentTimeMillis) + 100
        const place = { operation: "delete", collection: "c", keys: ["a"] } as const
        const { error, millis } = yield* failureOf(kv.driver.delete({ ...Calls.remove(place), deadline }))
        assert.strictEqual(error._tag, "StoreUnavailableError")
        assert.isAtLeast(millis, 90)
        assert.isAtMost(millis, 130)
      })
    )
  )

  it.effect("is not awaited any longer when another error occurs", () =>
    whileLocked(
      Effect.fnUntraced(function* (kv, unlock) {
        const write = yield* Effect.forkChild(Effect.flip(kv.put("a", "after")))
        yield* TestClock.adjust("100 millis")
        unlock("DROP TABLE entries; COMMIT")
        yield* TestClock.adjust("30 millis")
        assert.isDefined(write.pollUnsafe())
        assert.strictEqual((yield* Fiber.join(write))._tag, "StoreError")
      })
    )
  )

  for (const [direction, jump] of [
    ["back", -3_600_000],
    ["forward", 3_600_000]
  ] as const) {
    it.effect(`is awaited for busyTimeout when the clock is set ${direction} by an hour`, () =>
      whileLocked(
        Effect.fnUntraced(function* (kv, unlock) {
          const clock = yield* Clock.Clock
          let offset = 0
          const jumping: Clock.Clock = {
            ...clock,
            sleep: (duration) => clock.sleep(duration),
            currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + offset,
            currentTimeMillis: Effect.sync(() => clock.currentTimeMillisUnsafe() + offset),
            monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe()
          }
          yield* TestClock.setTime(1_000_000_000)
          const write = yield* Effect.forkChild(
            Effect.exit(kv.put("a", "after")).pipe(Effect.provideService(Clock.Clock, jumping))
          )
          yield* TestClock.adjust("500 millis")
          offset = jump
          yield* TestClock.adjust("1400 millis")
          assert.isUndefined(write.pollUnsafe())
          yield* TestClock.adjust("200 millis")
          assert.isDefined(write.pollUnsafe())
          unlock()
        })
      )
    )
  }

  it.effect("does not prevent a waiting fiber from being interrupted", () =>
    whileLocked(
      Effect.fnUntraced(function* (kv, unlock) {
        const write = yield* Effect.forkChild(kv.put("a", "after"))
        yield* TestClock.adjust("100 millis")
        yield* Fiber.interrupt(write)
        unlock()
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(yield* kv.get("a"), "before")
      })
    )
  )

  it.effect("fails the layer after busyTimeout", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const other = yield* connect(filename)
      other.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; CREATE TABLE theirs (x)")
      const failure = yield* Effect.forkChild(refused({ filename, busyTimeout: "1 second" }))
      yield* TestClock.adjust("500 millis")
      assert.isUndefined(failure.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.include((yield* Fiber.join(failure)).message, "another connection holds the lock")
    })
  )
})

/** Runs `increment.ts` on the Node that runs this test. */
const increment = (filename: string, times: number, fibers: number) =>
  Effect.map(
    runNode(["test/stores/sqlite/increment.ts", filename, String(times), String(fibers)]),
    ({ status, notes }) => assert.strictEqual(status, 0, notes)
  )

describe("many processes on one file", () => {
  it.live(
    "lose no update and no increment, even while the file is created",
    () =>
      Effect.gen(function* () {
        const filename = yield* temporaryFile
        const processes = 4
        const times = 200
        yield* Effect.all(
          Array.from({ length: processes }, () => increment(filename, times, 50)),
          { concurrency: "unbounded" }
        )
        const counters = KeyValue.KeyValue.use((kv) => kv.getMany(["counter", "increments"]))
        const counts = yield* counters.pipe(withStore({ filename }))
        assert.deepStrictEqual(counts, [processes * times, processes * 50])
      }),
    120_000
  )
})
