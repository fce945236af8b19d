import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { compare } from "../../examples/demo/work.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Runs the demo as `npm run demo` does, without a terminal. */
const demo = (...args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly status: number; readonly output: string }>((resume) => {
    const run = ["--conditions=@effect-kv/source", "examples/demo/main.ts", ...args]
    execFile(process.execPath, run, { cwd: root }, (error, stdout, stderr) =>
      resume(Effect.succeed({ status: Number(error?.code ?? 0), output: stdout + stderr }))
    )
  })

const numberIn = (output: string, row: string): number =>
  Number(new RegExp(`│ ${row} +│ (\\d+)`).exec(output)?.[1] ?? Number.NaN)

describe("the demo", () => {
  it.live("brings every document back while the store fails", () =>
    Effect.gen(function* () {
      const { status, output } = yield* demo("--limit", "40", "--fault-rate", "0.2", "--seed", "test")
      assert.strictEqual(status, 0, output)
      assert.include(output, "Every document came back as it was stored.")
      assert.isAbove(numberIn(output, "retries"), 0)
      assert.match(output, /hit rate +│ 100\.0 %/)
      assert.match(output, /errors that reached us +│ none/)
      assert.match(output, /faults injected +│ unavailable \d/)
      for (const row of [
        "operations",
        "answered by the read cache",
        "errors at the store",
        "latency of get",
        "bytes"
      ]) {
        assert.include(output, `│ ${row}`)
      }
    })
  )

  it.live("ends with a failure when the store never works", () =>
    Effect.gen(function* () {
      const { status, output } = yield* demo("--limit", "1", "--fault-rate", "1")
      assert.notStrictEqual(status, 0)
      assert.match(output, /StoreUnavailableError|TimeoutError/)
    })
  )

  it("tells documents that are missing or different from those that came back", () => {
    const expected = { name: "a", list: [1, { deep: true }] }
    assert.deepStrictEqual(compare("a", expected, Option.some(structuredClone(expected))), [])
    assert.deepStrictEqual(compare("a", expected, Option.none()), [{ key: "a", what: "missing" }])
    const different = Option.some({ name: "a", list: [1, { deep: false }] })
    assert.deepStrictEqual(compare("a", expected, different), [{ key: "a", what: "different" }])
  })
})
