/** Tests how names that are listed over several pages are returned only once. */
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { AllListed, LatelyListed } from "../../../src/driver/listing/Listed.ts"

const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `k${from + i}`)

const pages = Schema.Array(Schema.Array(Schema.Literals(["a", "b", "c", "d", "e"])))

const listed = { AllListed: () => new AllListed(), LatelyListed: () => new LatelyListed(1000) }

for (const [name, make] of Object.entries(listed)) {
  describe(name, () => {
    it.prop("lists each name once, in the first page that has it", [pages], ([pages]) => {
      const all = make()
      const seen = new Set<string>()
      for (const [page, names] of pages.entries()) {
        const expected = [...new Set(names)].filter((name) => !seen.has(name))
        assert.deepStrictEqual(all.fresh(names, page), expected)
        for (const name of names) seen.add(name)
      }
    })

    it("lists the same names when a page is requested again", () => {
      const all = make()
      assert.deepStrictEqual(all.fresh(["a", "b"], 0), ["a", "b"])
      for (const _ of [1, 2]) assert.deepStrictEqual(all.fresh(["b", "c", "c"], 1), ["c"])
      assert.deepStrictEqual(all.fresh(["c", "d"], 2), ["d"])
    })
  })
}

describe("LatelyListed", () => {
  it("remembers the pages with the last 20 names, and no more", () => {
    const lately = new LatelyListed(20)
    for (const page of [0, 1, 2]) lately.fresh(numbered(page * 10, page * 10 + 10), page)
    assert.deepStrictEqual(lately.fresh(numbered(0, 30), 3), numbered(0, 10))
  })

  it("does not forget because of pages with few names or none", () => {
    const lately = new LatelyListed(20)
    lately.fresh(numbered(0, 15), 0)
    for (const page of [1, 2, 3, 4]) lately.fresh([], page)
    lately.fresh(numbered(15, 19), 5)
    assert.deepStrictEqual(lately.fresh(["k0", "k18", "k19"], 6), ["k19"])
  })
})
