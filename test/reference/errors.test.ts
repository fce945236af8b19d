/** Tests that the docstring of each store and wrapper names the errors that its code makes. */
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as docstrings from "./docstrings.ts"
import { errorNames } from "./errors.ts"
import { type Module, modules } from "./modules.ts"
import { namedFirst } from "./pages/errors.ts"

/** The file of a module, and the files of its folder and of `common/` that it imports. */
const filesOf = ({ file }: Module): ReadonlyArray<string> => {
  const found = new Set<string>()
  const add = (path: string): void => {
    if (found.has(path)) return
    found.add(path)
    for (const [, from = ""] of readFileSync(path, "utf8").matchAll(/ from "(\.[^"]+)"/g)) {
      const imported = join(dirname(path), from)
      // Other modules have docstrings of their own.
      if (/^src\/(?:stores|wrappers)\/[a-z]/.test(imported)) add(imported)
    }
  }
  add(file)
  return [...found]
}

/** The errors that code makes with `new`. */
const madeBy = (module: Module): ReadonlyArray<string> => {
  const texts = filesOf(module).map((file) => readFileSync(file, "utf8"))
  return errorNames.filter((name) => texts.some((text) => text.includes(`new ${name}(`)))
}

const errorsText = ({ file, primary }: Module): string =>
  docstrings
    .exportsOf(file)
    .filter(({ name }) => name === primary)
    .flatMap(({ doc }) => doc.sections.filter(({ title }) => title === "Errors").map(({ text }) => text))
    .join("\n")

describe("the errors of a docstring", () => {
  // `toRateLimiterStore` of `EffectStore` returns these as the cause of an error of Effect.
  const asCauses: Readonly<Record<string, ReadonlyArray<string>>> = { EffectStore: ["StoreError"] }

  for (const module of modules.filter(({ folder }) => folder !== "modules")) {
    it(`are those that ${module.name} makes`, () => {
      const made = madeBy(module).filter((name) => name !== "StoreSetupError")
      const missing = made.filter((name) => !errorsText(module).includes(`\`${name}\``))
      assert.deepStrictEqual(
        missing.filter((name) => !asCauses[module.name]?.includes(name)),
        []
      )
    })
  }

  it("are errors of effect-kv", () => {
    const unknown = modules.flatMap((module) => namedFirst(module).filter((name) => !errorNames.includes(name)))
    assert.deepStrictEqual(unknown, [])
  })
})
