import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { send } from "../../../src/stores/redis/commands.ts"
import type { Client, Connection } from "../../../src/stores/redis/connection.ts"

const place = { operation: "get", collection: "users", keys: ["1"] } as const

const answering = (reply: unknown): Connection => ({
  client: { getBuffer: () => Promise.resolve(reply) } as unknown as Client,
  waiting: 0,
  isReady: () => true,
  becomeReady: () => Effect.void
})

describe("a command", () => {
  it.effect("whose answer is not made of its reply ends in a defect, and waits no more", () =>
    Effect.gen(function* () {
      const connection = answering("reply")
      const call = { place, deadline: undefined }
      const failing = send(connection, call, ["getBuffer", "users::1"], () => {
        throw new Error("a bug")
      })
      const exit = yield* Effect.exit(failing)
      assert.deepStrictEqual(exit, Exit.die(new Error("a bug")))
      assert.strictEqual(connection.waiting, 0)
      assert.strictEqual(yield* send(connection, call, ["getBuffer", "users::1"], Exit.succeed), "reply")
    })
  )
})
