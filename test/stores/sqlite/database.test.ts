import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { configureUnsafe, prepareUnsafe } from "../../../src/stores/sqlite/database.ts"
import { connect, temporaryFile } from "./support.ts"

describe("configureUnsafe", () => {
  it.effect("sets the journal, and how safe a write is", () =>
    Effect.gen(function* () {
      const database = yield* connect(yield* temporaryFile)
      const pragma = (name: string): unknown => prepareUnsafe(database, `PRAGMA ${name}`).get()
      configureUnsafe(database, "normal")
      assert.deepStrictEqual([pragma("journal_mode"), pragma("synchronous")], [["wal"], [1]])
      configureUnsafe(database, "full")
      assert.deepStrictEqual(pragma("synchronous"), [2])
    })
  )
})
