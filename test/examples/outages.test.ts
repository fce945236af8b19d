/** Tests that the guide to outages shows the tables that the example prints (`examples.test.ts` runs the example). */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"

const example = readFileSync("examples/outages/compare.ts", "utf8")
const page = readFileSync("docs/guides/outages.md", "utf8")

describe("the guide to outages", () => {
  it("has the tables of examples/outages/compare.ts, in their order", () => {
    const printed = [...example.matchAll(/^\/\/ (\| `.+)$/gm)].map(([, row]) => row)
    const shown = [...page.matchAll(/^\| `\w+` \| \d.+$/gm)].map(([row]) => row)
    assert.isAbove(printed.length, 20)
    assert.deepStrictEqual(shown, printed)
  })
})
