/** The rooms of `src`: which file may import which. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { circles, imports, levelOf, ownerOf, partsOf, withRooms } from "./rooms.ts"

const allImports = Array.from(imports, ([from, targets]) => targets.map((to) => ({ from, to }))).flat()

const violations = (isAllowed: (from: string, to: string) => boolean): ReadonlyArray<string> =>
  allImports.filter(({ from, to }) => !isAllowed(from, to)).map(({ from, to }) => `${from} imports ${to}`)

describe("rooms", () => {
  it("every file belongs to a room", () => {
    assert.deepStrictEqual(
      [...imports.keys()].filter((path) => levelOf(path) === -1),
      []
    )
  })

  it("imports name files that exist", () => {
    assert.isAbove(allImports.length, 500)
    assert.deepStrictEqual(
      violations((_, to) => imports.has(to)),
      []
    )
  })

  it("no file imports from a room above its own", () => {
    assert.deepStrictEqual(
      violations((from, to) => levelOf(to) <= levelOf(from)),
      []
    )
  })

  it("no imports form a circle, types included", () => {
    assert.deepStrictEqual(circles(), [])
  })

  it("parts are imported by their module and by each other only", () => {
    assert.deepStrictEqual(
      violations((from, to) => {
        const owner = ownerOf(to)
        return owner === undefined || owner === ownerOf(from) || owner === partsOf(from)
      }),
      []
    )
  })

  it("a store or a wrapper does not import another one's module", () => {
    assert.deepStrictEqual(
      violations((from, to) => {
        const isModule = /^(stores|wrappers)\/[^/]+\.ts$/.test(to)
        return !isModule || !/^(stores|wrappers)\//.test(from) || from === "wrappers/CollectionRouting.ts"
      }),
      []
    )
  })

  it("docs/architecture.md shows the rooms as they are", () => {
    const page = readFileSync(new URL("../../docs/architecture.md", import.meta.url), "utf8")
    assert.strictEqual(page, withRooms(page), "run `npm run rooms`")
  })
})
