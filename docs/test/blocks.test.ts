/** Runs every code block that is followed by its output, and compares the two. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Block, blocksOf, pages } from "../../test/docs/blocks.ts"
import { command, describeWithOwnRedis } from "../../test/servers/redis.ts"
import { runNode } from "../../test/support/program.ts"

const all = ["README.md", "AGENTS.md", ...pages].flatMap(blocksOf).filter(({ info }) => info === "")
const blocks = all.filter(({ output }) => output !== undefined)

/** Inside the repository, so that `effect-kv` resolves to this package. */
const directory = ".cache/docs-run"

const usedUrl = "redis://localhost:6379"

/** Writes a block as a module that uses the given server instead of the one that the page names. */
const write = ({ file, line, code }: Block, url: string, extension = ".ts"): string => {
  const module = join(directory, `${file}.${line}${extension}`)
  mkdirSync(dirname(module), { recursive: true })
  writeFileSync(module, `${code.replaceAll(usedUrl, url)}\nexport {}\n`)
  return module
}

/** Whether a text was printed as shown. A shown line that ends in `…` stands for any line that begins like it. */
const isShown = (shown: string, printed: string): boolean => {
  const expected = shown.trimEnd().split("\n")
  const actual = printed.trimEnd().split("\n")
  const isLine = (line: string, i: number) =>
    line.endsWith("…") ? actual[i]!.startsWith(line.slice(0, -1)) : line.trimEnd() === actual[i]!.trimEnd()
  return expected.length === actual.length && expected.every(isLine)
}

const check = (block: Block, url: string) =>
  Effect.gen(function* () {
    const { status, output, notes } = yield* runNode(["--no-warnings", write(block, url)], {
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
      for (const block of tests) write(block, usedUrl, ".test.ts")
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
