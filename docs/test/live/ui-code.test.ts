/** Tests the program that the live page shows for a stack. */
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { presets } from "../../live/engine/presets.ts"
import { wrapperNames, wrapperOf, wrappers } from "../../live/engine/wrappers.ts"
import type { Scenario, Wrapper } from "../../live/model.ts"
import { codeOf, duration, highlight } from "../../live/ui/code.ts"
import { root } from "../../tools/paths.ts"

const withStack = (...stack: ReadonlyArray<Wrapper>): Scenario => ({ ...presets[0]!.scenario, stack })

/** Inside the repository, so that `effect-kv` resolves to this package. */
const directory = `${root}.cache/docs-live`

/** Each wrapper with each of its options at each end of its range. */
const variants = wrapperNames.flatMap((name) => [
  wrapperOf(name),
  ...wrappers[name].options.flatMap((option) => {
    const values = option.choices ?? (option.kind === "boolean" ? [true, false] : [option.min!, option.max!])
    return values.map((value) => wrapperOf(name, { [option.name]: value }))
  })
])

describe("the program of a stack", () => {
  it("imports what it uses", () => {
    assert.strictEqual(
      codeOf(withStack(wrapperOf("Timeout", { duration: 300 }), wrapperOf("Retry"))),
      `import { Retry, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"

const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
  Timeout.wrap("300 millis"),
  Retry.wrap()
)
`
    )
  })

  it("writes a window of calls as a number, and a window of time as a duration", () => {
    const breaker = wrapperOf("CircuitBreaker", { trip: "failure rate", window: 50, minCalls: 20 })
    assert.include(codeOf(withStack(breaker)), "trip: { window: 50 }")
    assert.include(codeOf(withStack(wrapperOf("RateLimit", { window: 2000 }))), `window: "2 seconds"`)
  })

  it("writes durations in their largest unit", () => {
    assert.deepStrictEqual([1, 300, 1000, 1500, 60_000, 7_200_000].map(duration), [
      `"1 milli"`,
      `"300 millis"`,
      `"1 second"`,
      `"1500 millis"`,
      `"1 minute"`,
      `"2 hours"`
    ])
  })

  it("loses nothing when it is colored", () => {
    for (const { scenario } of presets) {
      const code = codeOf(scenario)
      assert.strictEqual(
        highlight(code)
          .map(({ text }) => text)
          .join(""),
        code
      )
    }
  })

  it("compiles, for all presets and for all options at their limits", { timeout: 300_000 }, () => {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    const programs = [...presets.map(({ scenario }) => scenario), ...variants.map((wrapper) => withStack(wrapper))]
    programs.forEach((scenario, i) => {
      writeFileSync(join(directory, `${i}.ts`), `${codeOf(scenario)}\nexport { Store }\n`)
    })
    const config = {
      extends: "../../tsconfig.json",
      compilerOptions: { rootDir: "../..", plugins: [] },
      include: ["*.ts"]
    }
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(config))
    const tsc = [`${root}node_modules/typescript/bin/tsc`, "-p", directory, "--singleThreaded"]
    const { stdout } = spawnSync(process.execPath, tsc, { encoding: "utf8" })
    assert.strictEqual(stdout, "")
  })
})
