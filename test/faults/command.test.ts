/** Tests the command `npm run faults` with the quickest fault. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { temporaryDirectory } from "../servers/process.ts"
import { describeWithOwnRedis } from "../servers/redis.ts"
import { runNode } from "../support/program.ts"
import type { Row } from "./row.ts"

const faults = (...args: ReadonlyArray<string>) => runNode(["test/faults/main.ts", ...args])

describeWithOwnRedis("npm run faults", () => {
  it.live(
    "prints a row, and writes it as JSON",
    () =>
      Effect.gen(function* () {
        const json = join(yield* temporaryDirectory, "report.json")
        const { status, output, notes } = yield* faults("--short", "--only", "wrong type", "--json", json)
        assert.strictEqual(status, 0, output + notes)
        assert.match(output, /^✓ wrong type under a key +Redis +\d+ +StoreError \d+ /m)
        assert.match(output, /^✓ 1 of 1 faults were survived as promised\.$/m)
        const { rows } = JSON.parse(readFileSync(json, "utf8")) as { readonly rows: ReadonlyArray<Row> }
        assert.strictEqual(rows[0]?.status, "held")
        assert.deepStrictEqual(Object.keys(rows[0]?.observed?.failures ?? {}), ["StoreError"])
        assert.strictEqual(rows[0]?.observed?.lost, 0)
      }),
    120_000
  )

  it.live("fails when no fault has the given name", () =>
    Effect.gen(function* () {
      const { status, notes } = yield* faults("--only", "nothing of the kind")
      assert.strictEqual(status, 1)
      assert.include(notes, "no fault")
    })
  )
})
