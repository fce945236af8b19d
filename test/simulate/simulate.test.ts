/** Tests that all stacks keep their promises under simulated faults, with the same six seeds each time. */
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Simulation } from "effect-kv/testing"
import { bundled } from "../support/bundled.ts"
import { violations } from "./report.ts"
import { stacks, stores } from "./stacks.ts"

/** The same seeds each time. `npm run simulate` looks for new violations. */
const seeds = 6

const run = (stack: string, store: string) =>
  Simulation.run({ ...stacks[stack]!(stores[store]!), seeds, hazards: "all" })

describe("the simulation of all stacks", () => {
  for (const stack of Object.keys(stacks)) {
    for (const store of Object.keys(stores)) {
      it.live(`finds no violation in ${stack} over ${store}`, () =>
        Effect.gen(function* () {
          const report = yield* run(stack, store)
          assert.deepStrictEqual(
            report.findings.map(({ seed, message, history }) => [seed, message, ...history]),
            []
          )
          for (const count of violations) assert.strictEqual(report[count], 0, count)
          assert.isAbove(report.acknowledgedWrites, seeds * 5)
        })
      )
    }
  }

  it.live("gives the same histories when it runs again", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        (yield* run("everything", "sqlite")).replayHash,
        (yield* run("everything", "sqlite")).replayHash
      )
    })
  )
})

describe("npm run simulate", () => {
  const directory = mkdtempSync(join(tmpdir(), "effect-kv-simulate-"))
  const json = join(directory, "rows.json")
  const main = async (...args: ReadonlyArray<string>) =>
    promisify(execFile)(process.execPath, [
      "--conditions=@effect-kv/source",
      await bundled("test/simulate/main.ts"),
      ...args
    ])

  it("prints a row for each stack, and writes it as JSON", async () => {
    const { stdout } = await main(
      "--stack",
      "policies",
      "--seeds",
      "3",
      "--ops",
      "960",
      "--without",
      "all",
      "--json",
      json
    )
    const { stacks } = JSON.parse(readFileSync(json, "utf8"))
    rmSync(directory, { recursive: true })
    assert.match(stdout, /policies over memory +3 seeds/)
    assert.strictEqual(stacks.length, 1)
    const { stack, seeds, operations, faults, acknowledgedWrites, replayHash, wallSeconds, ...row } = stacks[0]
    assert.deepStrictEqual([stack, seeds, row.stores], ["policies", 3, ["memory", "sqlite"]])
    // For each seed and store two runs of 80 operations; at the end, each run reads three keys singly and then together.
    assert.strictEqual(operations, 2 * 3 * 2 * (80 + 3 + 1))
    for (const count of violations) assert.strictEqual(row[count], 0, count)
    assert.isAbove(faults.delay, 0)
    assert.isAbove(acknowledgedWrites, 0)
    assert.match(replayHash, /^[0-9a-f]{16}$/)
    assert.isAbove(wallSeconds, 0)
    assert.match(stdout, /seeds per second; 1,000 seeds of 2 stacks take \d+ s/)
  })

  it("fails when --without names an unknown hazard", async () => {
    const failure = await main("--stack", "bare", "--without", "rain").catch(
      (error: { readonly stderr: string }) => error
    )
    assert.include(JSON.stringify(failure), "rain")
  })
})
