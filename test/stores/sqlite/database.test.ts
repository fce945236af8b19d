import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { configureUnsafe, prepareUnsafe } from "../../../src/stores/sqlite/database.ts"
import { connect, temporaryFile } from "./support.ts"

describe("configureUnsafe", () => {
  it.effect("sets the journal, and how safe a write is", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const database = yield* connect(filename)
      const pragma = (name: string): unknown => prepareUnsafe(database, `PRAGMA ${name}`).get()
      configureUnsafe(database, { filename, synchronous: "normal", secureDelete: true })
      assert.deepStrictEqual([pragma("journal_mode"), pragma("synchronous")], [["wal"], [1]])
      assert.deepStrictEqual([pragma("secure_delete"), pragma("auto_vacuum")], [[1], [2]])
      configureUnsafe(database, { filename, synchronous: "full", secureDelete: false })
      assert.deepStrictEqual([pragma("synchronous"), pragma("secure_delete")], [[2], [0]])
    })
  )
})
