/** Migrations of Sqlite's tables, and the table names that it accepts. */
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { type Migration, migrate, migrations, problemOf, quote } from "../../../src/stores/sqlite/schema.ts"
import { transactionsUnsafe } from "../../../src/stores/sqlite/transaction.ts"

const first: Migration = (table) => `CREATE TABLE ${quote(table)} (a TEXT); CREATE INDEX i ON ${quote(table)} (a)`
const second: Migration = (table) =>
  `ALTER TABLE ${quote(table)} ADD COLUMN b TEXT NOT NULL DEFAULT 'new'; UPDATE ${quote(table)} SET a = a || '!'`

const run = (database: DatabaseSync, table: string, steps?: ReadonlyArray<Migration>) =>
  Result.getOrThrow(migrate(database, transactionsUnsafe(database), table, steps))

const setup = () => new DatabaseSync(":memory:")

describe("migrate", () => {
  it("migrates a table of an older version and its rows", () => {
    const database = setup()
    assert.deepStrictEqual(run(database, "t", [first]), { writer: 1 })
    database.exec("INSERT INTO t VALUES ('old')")
    assert.deepStrictEqual(run(database, "t", [first, second]), { writer: 2 })
    assert.deepStrictEqual({ ...database.prepare("SELECT * FROM t").get() }, { a: "old!", b: "new" })
  })

  it("runs each step once", () => {
    const database = setup()
    run(database, "t", [first, second])
    database.exec("INSERT INTO t (a) VALUES ('x')")
    run(database, "t", [first, second])
    assert.strictEqual(database.prepare("SELECT a FROM t").get()?.a, "x")
  })

  it("leaves the table as it was when a step fails", () => {
    const database = setup()
    run(database, "t", [first])
    const broken: Migration = (table) => `${second(table)}; SELECT * FROM nowhere`
    assert.isTrue(Result.isFailure(migrate(database, transactionsUnsafe(database), "t", [first, broken])))
    assert.isFalse(database.isTransaction)
    assert.deepStrictEqual(run(database, "t", [first, second]), { writer: 2 })
  })

  it("refuses a table of a newer version", () => {
    const database = setup()
    run(database, "t", [first, second])
    const refused = run(database, "t", [first])
    assert.isTrue("problem" in refused && /version 2.*at most version 1/.test(refused.problem))
  })

  it("refuses a table or view of another program, and adds nothing to its database", () => {
    for (const sql of ["CREATE TABLE T (x)", "CREATE VIEW t AS SELECT 1"]) {
      const database = setup()
      database.exec(sql)
      const refused = run(database, "t")
      assert.isTrue("problem" in refused && refused.problem.includes("effect-kv did not create it"))
      assert.strictEqual(database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n, 1)
    }
  })

  it("creates a dropped table again, and continues to number its writers", () => {
    const database = setup()
    run(database, "t")
    run(database, "t")
    database.exec("DROP TABLE t")
    assert.deepStrictEqual(run(database, "t"), { writer: 3 })
  })

  it("treats names that differ only in case as one table, as SQLite does", () => {
    const database = setup()
    assert.deepStrictEqual(run(database, "Users"), { writer: 1 })
    assert.deepStrictEqual(run(database, "USERS"), { writer: 2 })
  })

  it("numbers the writers of each table", () => {
    const database = setup()
    assert.deepStrictEqual(
      ["a", "b", "a"].map((table) => run(database, table)),
      [1, 1, 2].map((n) => ({ writer: n }))
    )
  })

  it("refuses a database in UTF-16, which sorts differently", () => {
    const database = setup()
    database.exec("PRAGMA encoding = 'UTF-16le'; CREATE TABLE other (x)")
    const refused = run(database, "t")
    assert.isTrue("problem" in refused && refused.problem.includes("UTF-16le"))
  })

  it("does not change user_version, which belongs to the application", () => {
    const database = setup()
    database.exec("PRAGMA user_version = 7")
    run(database, "t")
    assert.strictEqual(database.prepare("PRAGMA user_version").get()?.user_version, 7)
  })

  it("records as many versions as there are steps", () => {
    const database = setup()
    run(database, "t")
    assert.strictEqual(database.prepare("SELECT schema_version AS v FROM effect_kv_tables").get()?.v, migrations.length)
  })
})

describe("table names", () => {
  it.each(["", "a\0b", "\ud800", "sqlite_entries", "SQLite_x", "effect_kv_tables"])(
    "are refused, such as %j",
    (name) => {
      assert.isString(problemOf(name))
    }
  )

  it.each(["entries", 'a"b', "two words", "select", "x'; DROP TABLE y; --", "größe", "a.b"])(
    "are accepted, such as %j",
    (name) => {
      const database = setup()
      assert.isUndefined(problemOf(name))
      run(database, name)
      assert.strictEqual(database.prepare(`SELECT count(*) AS n FROM ${quote(name)}`).get()?.n, 0)
    }
  )
})
