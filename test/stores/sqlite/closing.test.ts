/** Calls of Sqlite that wait while the layer closes, or come later. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as Calls from "../../../src/driver/Calls.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Sqlite from "../../../src/stores/Sqlite.ts"
import { connect, temporaryFile } from "./support.ts"

describe("a closed layer", () => {
  it.effect("fails writes that wait for a lock, and later calls, at once and with the same error", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(Sqlite.layer({ filename }), scope)
      const { driver, put, putMany } = Context.get(services, KeyValue.KeyValue)
      const other = yield* connect(filename)
      other.exec("BEGIN IMMEDIATE")
      const waiting = yield* Effect.forEach(
        [
          put("a", 1),
          putMany([
            ["a", 1],
            ["b", 1]
          ])
        ],
        (write) => Effect.forkChild(Effect.flip(write))
      )
      yield* TestClock.adjust("100 millis")
      assert.isTrue(waiting.every((fiber) => fiber.pollUnsafe() === undefined))
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("30 millis")
      assert.isTrue(waiting.every((fiber) => fiber.pollUnsafe() !== undefined))
      const place = { operation: "get", collection: "c", keys: ["a"] } as const
      const call = Calls.get(place)
      for (const error of [...(yield* Fiber.joinAll(waiting)), yield* Effect.flip(driver.get(call))]) {
        assert.strictEqual(error._tag, "StoreUnavailableError")
        assert.include(error.message, "the layer is closed")
        assert.isFalse(error.retryable)
        assert.include([undefined, "not-applied"], "outcome" in error ? error.outcome : undefined)
      }
      other.exec("ROLLBACK")
      assert.strictEqual(other.prepare("SELECT count(*) AS n FROM entries").get()?.n, 0)
    })
  )
})
