/** How Sqlite configures a connection, and its error on a Node without node:sqlite. */
import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { configureUnsafe, prepareUnsafe } from "../../../src/stores/sqlite/database.ts"
import { connect, refused, temporaryFile } from "./support.ts"

describe("configureUnsafe", () => {
  it.effect("sets journal_mode, synchronous, secure_delete and auto_vacuum", () =>
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

it.effect("keeps full auto_vacuum in a file whose owner has set it", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const owner = yield* connect(filename)
    owner.exec("PRAGMA auto_vacuum = FULL; CREATE TABLE theirs (a)")
    configureUnsafe(yield* connect(filename), { filename, synchronous: "normal", secureDelete: true })
    assert.deepStrictEqual(prepareUnsafe(yield* connect(filename), "PRAGMA auto_vacuum").get(), [1] as never)
  })
)

describe("a Node without node:sqlite", () => {
  afterEach(() => void vi.restoreAllMocks())

  it.effect("fails the layer with StoreSetupError, which names the Node that is needed", () =>
    Effect.gen(function* () {
      for (const found of [undefined, { StatementSync: class {} }]) {
        vi.spyOn(process, "getBuiltinModule").mockReturnValue(found as never)
        const error = yield* refused({ filename: ":memory:" })
        assert.strictEqual(error._tag, "StoreSetupError")
        assert.match(error.message, /^Sqlite: it needs node:sqlite of Node 22\.16 or newer, but this is Node \d/)
      }
    })
  )
})
