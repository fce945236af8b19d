/** Listings in Redis that continue after the connection was lost or the server restarted. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as KeyValueError from "../../../src/KeyValueError.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { command, describeWithOwnRedis } from "../../servers/redis.ts"
import { connect, pageOf, uniquePrefix } from "./support.ts"

const keys = Array.from({ length: 5000 }, (_, i) => `k${i}`)

describeWithOwnRedis("a listing", (server) => {
  const fill = (prefix: string) =>
    Effect.scoped(
      Effect.flatMap(connect(server().url), (client) =>
        Effect.promise(() => client.mset(...keys.flatMap((key) => [`${prefix}c::${key}`, "{}"])))
      )
    )

  const page = pageOf("c")

  const rest = Effect.fnUntraced(function* (names: Array<string>, cursor: unknown) {
    for (let next = cursor; next !== undefined; ) {
      const found = yield* page(next)
      names.push(...found.names)
      next = found.next
    }
    return names.toSorted()
  })

  const isBack = Effect.flatMap(KeyValue.KeyValue, (kv) =>
    Effect.retry(kv.get("k"), { schedule: Schedule.spaced("10 millis"), times: 500 })
  )

  /** Lists all keys, and runs an effect after the first page. */
  const listing = (between: (prefix: string) => Effect.Effect<unknown, unknown>) => {
    const prefix = uniquePrefix()
    return Effect.gen(function* () {
      yield* fill(prefix)
      const { names, next } = yield* page(undefined)
      yield* between(prefix)
      yield* isBack
      return yield* rest([...names], next)
    }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix })))
  }

  const isUnknown = (error: unknown) => {
    assert.instanceOf(error, KeyValueError.StoreUnavailableError)
    assert.match(error.message, /the server may have been restarted or replaced while its keys were listed/)
    assert.isFalse(error.sent)
  }

  const cut = Effect.suspend(() => Effect.ignore(command(server().port, "client", "kill", "type", "normal")))

  it.live("continues when the connection was lost", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* listing(() => cut), keys.toSorted())
    })
  )

  it.live("fails when the server was restarted, because it would miss keys", () =>
    Effect.gen(function* () {
      const { kill, start } = server()
      isUnknown(yield* Effect.flip(listing((prefix) => kill.pipe(Effect.andThen(start), Effect.andThen(fill(prefix))))))
    })
  )

  it.live("fails after a lost connection, and only then, when it may not ask for the server's run id", () =>
    Effect.acquireUseRelease(
      command(server().port, "acl", "setuser", "default", "-info"),
      () =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* listing(() => Effect.void), keys.toSorted())
          isUnknown(yield* Effect.flip(listing(() => cut)))
        }),
      () => command(server().port, "acl", "setuser", "default", "+info")
    )
  )
})
