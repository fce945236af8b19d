/**
 * Tests of code that uses a store. They use Memory instead of the real store, and a test clock, so no test waits.
 *
 *     npx vitest run test/examples/testing.test.ts
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Driver, KeyValue, KeyValueError, Memory, Retry, Timeout } from "effect-kv"

// The code under test

const login = (user: string) =>
  KeyValue.KeyValue.use((kv) => kv.put(user, { loggedIn: true }, { collection: "sessions", ttl: "30 minutes" }))

const isLoggedIn = (user: string) =>
  Effect.map(
    KeyValue.KeyValue.use((kv) => kv.get(user, { collection: "sessions" })),
    (session) => session !== undefined
  )

// Faults are ordinary wrappers.

/** Makes every read fail as in an outage. */
const outage = Driver.wrapper((driver) => ({
  ...driver,
  get: (call) => Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "outage", sent: false }))
}))

/** Makes every operation hang. */
const hanging = Driver.wrapper(Driver.around(() => Effect.never))

describe("sessions", () => {
  it.effect("last half an hour", () =>
    Effect.gen(function* () {
      yield* login("alice")
      yield* TestClock.adjust("29 minutes")
      assert.isTrue(yield* isLoggedIn("alice"))
      yield* TestClock.adjust("1 minute")
      assert.isFalse(yield* isLoggedIn("alice"))
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("begin with what the store holds", () =>
    Effect.gen(function* () {
      assert.isTrue(yield* isLoggedIn("bob"))
    }).pipe(Effect.provide(Memory.layer({ seed: { sessions: { bob: { loggedIn: true } } } })))
  )

  it.effect("an outage does not log anybody out", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(isLoggedIn("alice"))
      assert.strictEqual(error._tag, "StoreUnavailableError")
    }).pipe(Effect.provide(Memory.layer().pipe(outage)))
  )

  it.effect("a store that hangs is given up after three attempts of a second", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.flip(isLoggedIn("alice")))
      yield* TestClock.adjust("3 seconds") // the pauses between attempts are not over yet
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "TimeoutError")
    }).pipe(Effect.provide(Memory.layer().pipe(hanging, Timeout.wrap("1 second"), Retry.wrap({ maxRetries: 2 }))))
  )
})
