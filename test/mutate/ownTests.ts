/** Which tests are about a source file. */
import { posix } from "node:path"
import { parseSync } from "rolldown/utils"

/** The text of every file of `src` and `test`, by its path from the root. */
export type Files = ReadonlyMap<string, string>

export const isTest = (file: string): boolean => file.endsWith(".test.ts")

/** The tests of a file: those with its name, those that import it, or else those of the nearest files that import it. */
export const ownTestsOf = (files: Files): ((file: string) => ReadonlyArray<string>) => {
  const tests = [...files.keys()].filter(isTest)
  const importers = importersOf(files)
  return (file) => {
    const seen = new Set([file])
    for (let level = [file]; level.length > 0; ) {
      const found = tests.filter((test) =>
        level.some((file) => isNamedAfter(test, file) || importers.get(file)?.includes(test))
      )
      if (found.length > 0) return found
      level = level.flatMap((file) => importers.get(file) ?? []).filter((file) => !isTest(file) && !seen.has(file))
      for (const file of level) seen.add(file)
    }
    return []
  }
}

/** `src/wrappers/retry/again.ts` has the tests `test/wrappers/retry/*` and `test/wrappers/Retry.test.ts`. */
const isNamedAfter = (test: string, file: string): boolean => {
  const tested = test.slice("test/".length, -".test.ts".length).toLowerCase()
  const path = file.slice("src/".length, -".ts".length).toLowerCase()
  const folder = posix.dirname(path)
  return [path, ...(folder.includes("/") ? [folder] : [])].some((it) => tested === it || tested.startsWith(`${it}/`))
}

/** The files that import a file, without those that only hand everything on. */
const importersOf = (files: Files): ReadonlyMap<string, ReadonlyArray<string>> => {
  const importers = new Map<string, Array<string>>()
  for (const [file, text] of files) {
    if (file === "src/index.ts") continue
    for (const { moduleRequest } of parseSync(file, text).module.staticImports) {
      if (!moduleRequest.value.startsWith(".")) continue
      const imported = posix.join(posix.dirname(file), moduleRequest.value)
      importers.set(imported, [...(importers.get(imported) ?? []), file])
    }
  }
  return importers
}

/** What starts programs or servers, or checks what is not behaviour: too slow for every mutant. */
const excluded =
  /^test\/(?:bench|docs|examples|faults|fuzz|interop|mutate|observability|workers|stores\/redis)\/|^test\/(?:docs|package|snapshots|stores\/Redis|simulate\/simulate|properties\/redis)\.test\.ts$|\/(?:bounds|growth|handOver|steps|Memory|otherPrograms)\.test\.ts$/

/** The tests that any mutant is run against when its own do not kill it. */
export const wideTests = (files: Files): ReadonlyArray<string> =>
  [...files.keys()].filter((file) => isTest(file) && !excluded.test(file))
