/** Tests that the pages of evidence say what the results say. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { files } from "../../docs/tools/evidence/files.ts"
import { tablesOf } from "../../docs/tools/evidence/tables.ts"

describe("the pages of evidence", () => {
  for (const [file, text] of files()) {
    it(`${file} is what \`npm run evidence\` writes`, () =>
      assert.strictEqual(readFileSync(file, "utf8"), text, "run `npm run evidence`"))
  }

  it("have a chart of every table that is drawn", () => assert.isAtLeast(files().length, 10))

  it("name the libraries that are ahead", () => {
    const table = tablesOf(readFileSync("docs/evidence/benchmarks.md", "utf8")).find(({ section }) =>
      section.startsWith("Where other libraries")
    )
    assert.isAbove(table?.rows.length ?? 0, 5)
  })
})
