/** Rows with any column types in a SQLite table. */
import { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { Atomic, Enumeration, Maintenance } from "effect-kv"
import * as Sqlite from "effect-kv/Sqlite"
import type { Dice } from "../Dice.ts"
import { damaged } from "../mutations.ts"
import type { Raw } from "../raw.ts"
import { instance, type Stored } from "../stack.ts"
import type { Target } from "../target.ts"

/** The extreme numbers of SQLite and JavaScript, and ordinary ones. */
export const expiries: ReadonlyArray<bigint | null> = [
  null,
  null,
  BigInt(Date.now()) + 60_000n,
  0n,
  -1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  8_640_000_000_000_001n
]

/** The type with which the rest of an input is stored in the column `entry`. */
const entries = ["CAST(? AS TEXT)", "?", "length(?)", "9.5 + length(?)", "9223372036854775807 - length(?)"]

/** What is stored in the column `version`. */
const versions = ["'1.1'", "''", "CAST(x'FF00' AS TEXT)", "'9.9'"]

const headLength = 3

export const raw = (
  database: DatabaseSync
): Raw<Enumeration.Enumeration | Maintenance.Maintenance | Atomic.Atomic> => ({
  layer: Sqlite.layer({ database }),
  read: (key) =>
    Effect.sync(() => {
      const { entry } = database.prepare("SELECT entry FROM entries WHERE key = ?").get(key) as {
        entry: string | Uint8Array
      }
      return Uint8Array.from([typeof entry === "string" ? 0 : 1, 0, 0, ...Buffer.from(entry as string)])
    }),
  write: (rows) =>
    Effect.sync(() => {
      for (const [key, [entry = 0, expiry = 0, version = 0, ...bytes]] of rows) {
        database
          .prepare(
            `INSERT OR REPLACE INTO entries (collection, key, expires_at, version, entry)
             VALUES ('default_collection', ?, ?, ${versions[version % versions.length]}, ${entries[entry % entries.length]})`
          )
          .run(key, expiries[expiry % expiries.length]!, Uint8Array.from(bytes))
      }
    })
})

export const special = (dice: Dice, { own }: Stored): Uint8Array => {
  const valid = dice.pick(own)
  const bytes = dice.oneIn(3) ? valid.subarray(headLength) : damaged(dice, [valid.subarray(headLength)])
  return Uint8Array.from([dice.oneIn(2) ? valid[0]! : dice.below(256), dice.below(256), dice.below(256), ...bytes])
}

/** A database that lives as long as the target. */
export const inMemory = Effect.acquireRelease(
  Effect.sync(() => new DatabaseSync(":memory:")),
  (database) => Effect.sync(() => database.close())
)

export const sqlite: Target = {
  name: "Sqlite",
  weight: 12,
  make: Effect.gen(function* () {
    return yield* instance({ raw: raw(yield* inMemory), wrap: (store) => store, special })
  })
}
