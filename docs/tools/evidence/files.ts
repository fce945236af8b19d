/** The files that are made from results: the pages of evidence and their charts. */
import { readFileSync } from "node:fs"
import { root } from "../paths.ts"
import * as benchmarks from "./benchmarks.ts"
import * as resilience from "./resilience.ts"

const read = (file: string): string => readFileSync(root + file, "utf8")

/** Each file, as a path in the repository, and its text. */
export const files = (): ReadonlyArray<readonly [file: string, text: string]> => {
  const benched = read("bench/RESULTS.md")
  const data = (name: string) => JSON.parse(read(`docs/evidence/data/${name}.json`))
  const results = {
    simulate: data("simulate"),
    faults: data("faults"),
    fuzz: data("fuzz")
  } satisfies resilience.Results
  const page = "docs/evidence/resilience.md"
  return [
    ["docs/evidence/benchmarks.md", benchmarks.page(benched)],
    [page, resilience.filled(read(page), results)],
    ...[...benchmarks.charts(benched), ...resilience.charts(results)].map(
      ([file, svg]) => [`docs/evidence/charts/${file}`, svg] as const
    )
  ]
}
