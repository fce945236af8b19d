/** Tests how the tests start servers. */
import { createServer } from "node:net"
import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { command, describeWithOwnRedis, server } from "./redis.ts"

describeWithOwnRedis("a server of the tests", (own) => {
  it.live("is reported with its output when it ends instead of starting", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(server(["--no-such-option", "1"]))
      assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "it started", "no-such-option")
    })
  )

  it.live("is reported when another process takes its port while it is down", () =>
    Effect.gen(function* () {
      yield* own().kill
      const taken = yield* Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const other = createServer((socket) => socket.destroy())
        other.listen(own().port, "127.0.0.1", () => resume(Effect.succeed(other)))
      })
      const exit = yield* Effect.exit(own().start)
      assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "it started", "already in use")
      yield* Effect.callback<void>((resume) => void taken.close(() => resume(Effect.void)))
      yield* own().start
      assert.strictEqual(yield* command(own().port, "ping"), "PONG")
    })
  )
})
