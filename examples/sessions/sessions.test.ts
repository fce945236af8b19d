/**
 * Tests of the service: over HTTP, with a test clock, and with faults of the store.
 *
 *     npx vitest run test/examples/sessions.test.ts
 */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Enumeration, KeyValue, Memory } from "effect-kv"
import { Chaos } from "effect-kv/testing"
import { browser } from "./browser.ts"
import { Server, Users } from "./server.ts"
import { Collections, protect } from "./store.ts"

const key = (byte: number) => Redacted.make(Buffer.alloc(32, byte).toString("base64"))

/** In place of Redis. */
const Base = Memory.layer()

const Store = Base.pipe(Chaos.wrap(), protect({ values: key(1), names: key(2) }))

const UsersLive = Layer.succeed(Users, {
  verify: (_user, password) => Effect.succeed(Redacted.value(password) === "wonderland")
})

/** The service on a free port, an HTTP client for it, and what the service uses. */
const Service = Server.pipe(
  Layer.provide([UsersLive, Collections]),
  Layer.provideMerge(Store),
  Layer.provideMerge(NodeHttpServer.layerTest)
)

const credentials = (user: string) => ({ payload: { user, password: Redacted.make("wonderland") } })

/** A browser in which somebody has signed in. */
const signedIn = Effect.fnUntraced(function* (user: string) {
  const { account } = yield* browser
  yield* account.signIn(credentials(user))
  return account
})

describe("a session", () => {
  it.effect("ends after half an hour without a request", () =>
    Effect.gen(function* () {
      const alice = yield* signedIn("alice")
      yield* TestClock.adjust("29 minutes")
      assert.deepStrictEqual(yield* alice.me(), { user: "alice" })
      yield* TestClock.adjust("29 minutes")
      assert.deepStrictEqual(yield* alice.me(), { user: "alice" })
      yield* TestClock.adjust("30 minutes")
      assert.strictEqual((yield* Effect.flip(alice.me()))._tag, "Unauthorized")
    }).pipe(Effect.provide(Service))
  )

  it.effect("ends after twelve hours, however often it is used", () =>
    Effect.gen(function* () {
      const alice = yield* signedIn("alice")
      for (let hour = 1; hour < 36; hour++) {
        yield* TestClock.adjust("20 minutes")
        yield* alice.me()
      }
      yield* TestClock.adjust("20 minutes")
      assert.strictEqual((yield* Effect.flip(alice.me()))._tag, "Unauthorized")
    }).pipe(Effect.provide(Service))
  )

  it.effect("ends in all browsers of the user, and of nobody else", () =>
    Effect.gen(function* () {
      const [laptop, phone, bob] = [yield* signedIn("alice"), yield* signedIn("alice"), yield* signedIn("bob")]
      yield* laptop.signOutEverywhere()
      assert.strictEqual((yield* Effect.flip(phone.me()))._tag, "Unauthorized")
      assert.deepStrictEqual(yield* bob.me(), { user: "bob" })
      assert.deepStrictEqual(yield* (yield* signedIn("alice")).me(), { user: "alice" })
    }).pipe(Effect.provide(Service))
  )

  it.effect("is replaced when the browser signs in again, and stored without names", () =>
    Effect.gen(function* () {
      const alice = yield* signedIn("alice")
      yield* alice.signIn(credentials("bob"))

      // What an operator of the database sees.
      const [{ keys, collections }, stored] = yield* Effect.all([Enumeration.Enumeration, KeyValue.KeyValue]).pipe(
        Effect.provide(Base)
      )
      const [collection = "", ...others] = yield* Stream.runCollect(collections())
      const names = yield* Stream.runCollect(keys({ collection }))
      assert.deepStrictEqual([others.length, names.length], [0, 1])
      const value = yield* stored.get(names[0]!, { collection })
      assert.instanceOf(value, Uint8Array)
      assert.notInclude(Buffer.from(value as Uint8Array).toString("latin1"), "bob")
    }).pipe(Effect.provide([Service, Base]))
  )

  // Without the test clock: the retries of the stack pause while the request is under way.
  it.live("survives an outage of the store, which is 503", () =>
    Effect.gen(function* () {
      const alice = yield* signedIn("alice")
      const { operations } = yield* browser
      const chaos = yield* Chaos.Chaos
      yield* chaos.down()
      assert.strictEqual((yield* Effect.flip(alice.me()))._tag, "ServiceUnavailable")
      assert.strictEqual((yield* Effect.flip(operations.ready()))._tag, "ServiceUnavailable")
      yield* chaos.up
      assert.deepStrictEqual(yield* alice.me(), { user: "alice" })
      assert.deepStrictEqual(yield* operations.ready(), { status: "up" })
    }).pipe(Effect.provide(Service))
  )
})
