/** Runs every code block that is followed by its output, and compares the two. */
import { rmSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Block, blocksOf, pages, write } from "../../test/docs/blocks.ts"
import { command, describeWithOwnRedis } from "../../test/servers/redis.ts"
import { runNode } from "../../test/support/program.ts"

const all = pages.flatMap(blocksOf).filter(({ info }) => info === "")
const blocks = all.filter(({ output }) => output !== undefined)

/** Inside the repository, so that `effect-kv` resolves to this package. */
const directory = ".cache/docs-run"

const usedUrl = "redis://localhost:6379"

/** Whether a text was printed as shown. A shown line that ends in `…` stands for any line that begins like it. */
const isShown = (shown: string, printed: string): boolean => {
  const expected = shown.trimEnd().split("\n")
  const actual = printed.trimEnd().split("\n")
  const isLine = (line: string, i: number) =>
    line.endsWith("…") ? actual[i]!.startsWith(line.slice(0, -1)) : line.trimEnd() === actual[i]!.trimEnd()
  return expected.length === actual.length && expected.every(isLine)
}

/** Runs a block with the given server instead of the one that the page names. */
const check = (block: Block, url: string) =>
  Effect.gen(function* () {
    const module = write(directory, { ...block, code: block.code.replaceAll(usedUrl, url) })
    const { status, output, notes } = yield* runNode(["--no-warnings", module], {
      FORCE_COLOR: "0",
      TZ: "UTC"
    })
    assert.strictEqual(status, 0, output + notes)
    if (!isShown(block.output!, output)) assert.strictEqual(output, block.output)
  })

rmSync(directory, { recursive: true, force: true })

describe("the tests that pages show", () => {
  const tests = all.filter(({ code }) => code.includes('from "@effect/vitest"'))
  it.live("pass", () =>
    Effect.gen(function* () {
      assert.isAbove(tests.length, 0)
      for (const block of tests) write(directory, block, ".test.ts")
      const config = ["--config", "test/docs/blocks.vitest.config.ts"]
      const { status, output, notes } = yield* runNode(["node_modules/vitest/vitest.mjs", "run", ...config])
      assert.strictEqual(status, 0, output + notes)
    })
  )
})

describe("the blocks of the pages", () => {
  for (const block of blocks.filter(({ code }) => !code.includes(usedUrl))) {
    it.live(`${block.file}:${block.line} prints what the page shows`, () => check(block, usedUrl))
  }
})

describeWithOwnRedis("the blocks of the pages that use Redis", (redis) => {
  for (const block of blocks.filter(({ code }) => code.includes(usedUrl))) {
    it.live(`${block.file}:${block.line} prints what the page shows`, () =>
      Effect.andThen(command(redis().port, "flushall"), check(block, redis().url))
    )
  }
})
