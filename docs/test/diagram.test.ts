/** Tests the list of the recommended order, and the files that are made from it. */
import { globSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { files, names } from "../tools/diagram.ts"
import { orderDiagram } from "../tools/drawing.ts"
import { docs, root } from "../tools/paths.ts"

/** The names in the order in which a text has them, without those that are not in the list. */
const mentioned = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/[A-Z]\w+/g)].map(([name]) => name).filter((name) => names.includes(name))

/** The wrappers of a stack, as its docstring lists them after `store →`. */
const stackOf = (name: string): ReadonlyArray<string> => {
  const text = readFileSync(`${root}src/Stack.ts`, "utf8")
  const docstring = text
    .slice(0, text.indexOf(`export const ${name} =`))
    .split("/**")
    .at(-1)!
  return mentioned(/store → .*?\n \*\n/s.exec(docstring)![0])
}

const isInOrder = (stack: ReadonlyArray<string>): void => {
  assert.isAbove(stack.length, 2)
  assert.deepStrictEqual(
    stack,
    [...stack].sort((a, b) => names.indexOf(a) - names.indexOf(b))
  )
}

describe("the recommended order", () => {
  it("has each wrapper once", () => {
    const wrappers = globSync("src/wrappers/*.ts", { cwd: root }).map((file) => basename(file, ".ts"))
    assert.deepStrictEqual([...names].sort(), wrappers.sort())
  })

  it("is that of Stack.production", () => {
    // Either of the two ciphers, which share a place.
    isInOrder(stackOf("production").filter((name) => name !== "FernetEncryption"))
  })

  it("is that of Stack.development and Stack.monitoring", () => {
    isInOrder(stackOf("development"))
    isInOrder(stackOf("monitoring"))
  })

  for (const [path, text] of files()) {
    it(`${path.slice(docs.length)} is what docs/tools/diagram.ts writes`, () => {
      assert.strictEqual(readFileSync(path, "utf8"), text)
    })
  }

  it("links each wrapper in the diagram", () => {
    const links = [...orderDiagram((page) => `/base${page}`).matchAll(/<a href="([^"]+)"/g)].map(([, href]) => href)
    const expected = names.map((name) => `/base/reference/wrappers/${name}`)
    assert.deepStrictEqual(links.sort(), [...expected, "/base/reference/stores/"].sort())
  })

  it("has as many wrappers as the home page says", () => {
    assert.include(readFileSync(`${docs}index.md`, "utf8"), `title: ${names.length} wrappers\n`)
  })

  it("has a picture of at most 15 KB", () => {
    assert.isBelow(readFileSync(`${docs}public/stack.svg`).length, 15_000)
  })
})
