/** Tests the code blocks of the pages and docstrings: they compile, or are equal to the file that they name. */
import { spawnSync } from "node:child_process"
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { blocksOf, pages, write } from "./docs/blocks.ts"

const files = [...pages, ...globSync("src/**/*.ts")].sort()
const blocks = files.flatMap(blocksOf)
const copies = blocks.filter(({ info }) => info.endsWith(".ts"))
const checked = blocks.filter(({ info }) => info === "")

describe("code in the documentation", () => {
  it("exists in pages and docstrings", () => {
    const found = new Set(checked.map(({ file }) => file))
    for (const file of ["README.md", "src/KeyValue.ts", "src/driver/around.ts"]) assert.isTrue(found.has(file), file)
    assert.deepStrictEqual(
      blocks.filter(({ info }) => !["", "nocheck"].includes(info) && !info.endsWith(".ts")),
      []
    )
  })

  for (const { file, line, info, code } of copies) {
    it(`${file}:${line} is equal to ${info}`, () => assert.strictEqual(code, readFileSync(info, "utf8")))
  }

  /** Inside the repository, so that `effect-kv` resolves to this package. */
  const directory = ".cache/docs"

  it("compiles", { timeout: 120_000 }, () => {
    rmSync(directory, { recursive: true, force: true })
    for (const block of checked) write(directory, block)
    const config = {
      extends: relative(directory, "tsconfig.json"),
      compilerOptions: { rootDir: relative(directory, "."), noUnusedLocals: false, plugins: [] },
      include: ["**/*.ts"]
    }
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(config))
    const { status, stdout } = spawnSync(
      process.execPath,
      ["node_modules/typescript/bin/tsc", "-p", directory, "--singleThreaded"],
      {
        encoding: "utf8"
      }
    )
    assert.strictEqual(stdout.replaceAll(`${directory}/`, ""), "")
    assert.strictEqual(status, 0)
  })
})
