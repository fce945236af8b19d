/**
 * Tests that `docs/evidence/contract-coverage.md` names existing tests, and has every case of the contract and of
 * py-key-value.
 */
import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as StoreContract from "../../src/testing/StoreContract.ts"

const root = join(import.meta.dirname, "../..")
const page = readFileSync(join(root, "docs/evidence/contract-coverage.md"), "utf8")

const contract = StoreContract.cases({ capabilities: StoreContract.allCapabilities, maxEntries: 100 })
const cases = new Set(contract.map(({ id }) => id))

/** The title in quotes after the name of a function that registers tests. */
const title =
  /\b(?:describe\w*|it(?:[A-Z]\w*)?(?:\.\w+)*|contract|likeTheModel\w*)\(\s*(["'`])((?:\\.|(?!\1)[^\\])*)\1/g

const titlesOf = (text: string): ReadonlySet<string> =>
  new Set(Array.from(text.matchAll(title), ([, , name]) => name!.replaceAll(/\\(.)/g, "$1")))

const titles = new Map(
  globSync("**/*.test.ts", { cwd: join(root, "test") }).map((file) => [
    file,
    titlesOf(readFileSync(join(root, "test", file), "utf8"))
  ])
)

interface Reference {
  readonly file: string
  readonly name: string
}

const references = (text: string): ReadonlyArray<Reference> =>
  Array.from(text.matchAll(/`([^`]+?) › ([^`]+)`/g)).flatMap(([, file, name]) =>
    file === "contract" ? name!.split(", ").map((id) => ({ file, name: id })) : [{ file: file!, name: name! }]
  )

const missing = (text: string): ReadonlyArray<string> =>
  references(text)
    .filter(({ file, name }) => !(file === "contract" ? cases : titles.get(file))?.has(name))
    .map(({ file, name }) => `${file} › ${name}`)

const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| Row "))
  .map((line) => line.slice(2, -2).split(" | "))

/** The page without its introduction, which has examples of names. */
const tables = page.slice(page.indexOf("\n## "))

describe("docs/evidence/contract-coverage.md", () => {
  it("names tests that exist", () => {
    assert.isAbove(references(tables).length, 300)
    assert.deepStrictEqual(missing(tables), [])
  })

  it("is refused when it names a test that does not exist", () => {
    assert.deepStrictEqual(missing("`contract › S1, S99`, `Value.test.ts › Payload`, `Value.test.ts › nothing`"), [
      "contract › S99",
      "Value.test.ts › nothing"
    ])
    assert.deepStrictEqual(missing("`Nowhere.test.ts › Payload`"), ["Nowhere.test.ts › Payload"])
  })

  it("names every case of the contract", () => {
    const named = new Set(references(tables).flatMap(({ file, name }) => (file === "contract" ? [name] : [])))
    assert.deepStrictEqual(
      [...cases].filter((id) => !named.has(id)),
      []
    )
  })

  it("has a row for each case of py-key-value", () => {
    const ids = rows.flatMap(([row]) => row!.match(/^[A-Z]{1,2}\d+(, [A-Z]{1,2}\d+)*(?= )/)?.[0].split(", ") ?? [])
    const expected = { S: 37, C: 7, E: 11, D: 4, F: 5, L: 10, RO: 3, R: 6, RT: 4, TO: 3, TC: 4, P: 3 }
    for (const [letter, count] of Object.entries(expected)) {
      for (let i = 1; i <= count; i++) assert.include(ids, `${letter}${i}`)
    }
  })

  it("has a test or a reason in every row", () => {
    assert.isAbove(rows.length, 200)
    for (const row of rows) {
      assert.strictEqual(row.length, 3, row.join(" | "))
      const [, ours, proof] = row as [string, string, string]
      assert.notStrictEqual(ours, "")
      assert.isTrue(
        references(proof).length > 0 || /^(Does not apply|Issue [35]|Types): ./.test(proof),
        row.join(" | ")
      )
    }
  })

  it("links to files that exist", () => {
    for (const [, target] of page.matchAll(/\]\((\.\.[^)]+)\)/g)) {
      assert.isTrue(existsSync(join(root, "docs/evidence", target!)), target)
    }
  })
})
