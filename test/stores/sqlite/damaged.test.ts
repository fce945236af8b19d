/** Sqlite's errors for damaged database files. */
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Sqlite from "../../../src/stores/Sqlite.ts"
import { connect, refused, temporaryFile, withStore } from "./support.ts"

const pageSize = 4096

/** The file of a store with some entries, and how to write it with a change. */
const stored = Effect.gen(function* () {
  const filename = yield* temporaryFile
  yield* KeyValue.KeyValue.use((kv) =>
    kv.putMany(
      Array.from({ length: 20 }, (_, i) => [`k${i}`, "x".repeat(300)] as const),
      { ttl: "1 hour" }
    )
  ).pipe(withStore({ filename }))
  const bytes = fs.readFileSync(filename)
  const write = (change: (copy: Buffer) => void) =>
    Effect.sync(() => {
      const copy = Buffer.from(bytes)
      change(copy)
      for (const end of ["-wal", "-shm"]) fs.rmSync(filename + end, { force: true })
      fs.writeFileSync(filename, copy)
    })
  return { filename, pages: bytes.length / pageSize, write }
})

describe("a damaged database", () => {
  it.effect("is reported as damaged, never as another program's table, whichever page is damaged", () =>
    Effect.gen(function* () {
      const { filename, pages, write } = yield* stored
      const ways: Record<string, (page: Buffer) => void> = {
        zeros: (page) => page.fill(0),
        ones: (page) => page.fill(0xff),
        "a torn write": (page) => page.fill(0, pageSize / 2),
        "shifted bytes": (page) => page.copyWithin(100, 0)
      }
      const said = new Set<string>()
      for (let page = 0; page < pages; page++) {
        for (const [way, damage] of Object.entries(ways)) {
          yield* write((copy) => damage(copy.subarray(page === 0 ? 100 : page * pageSize, (page + 1) * pageSize)))
          const built = yield* Effect.result(
            Effect.scoped(Effect.provide(KeyValue.KeyValue, Sqlite.layer({ filename })))
          )
          if (Result.isSuccess(built)) continue
          assert.include(built.failure.message, "the database is damaged: restore a backup", `page ${page}, ${way}`)
          said.add(`${page}`)
        }
      }
      assert.isAbove(said.size, 2)
    })
  )

  it.effect("is distinguished from another program's table when the record of a table is missing", () =>
    Effect.gen(function* () {
      const { filename } = yield* stored
      const database = yield* connect(filename)
      database.exec("DELETE FROM effect_kv_tables; CREATE TABLE theirs (a)")
      assert.include((yield* refused({ filename })).message, "the database is damaged: restore a backup")
      assert.include((yield* refused({ filename, table: "theirs" })).message, "effect-kv did not create it")
      database.exec("DROP TABLE effect_kv_tables")
      assert.include((yield* refused({ filename })).message, "the database is damaged: restore a backup")
    })
  )
})
