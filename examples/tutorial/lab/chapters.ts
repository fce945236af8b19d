/** The runs of the tutorial, in its order. */
import { Effect } from "effect"
import { type Numbers, numbersOf, type Run } from "./numbers.ts"
import { inProcesses } from "./processes.ts"
import { type ChapterLayer, inRealTime, inVirtualTime } from "./run.ts"
import { outage, type Scenario } from "./scenario.ts"

export interface Chapter extends Pick<Run, "id" | "title" | "runs" | "outage"> {
  readonly file: string
}

export const chapters: ReadonlyArray<Chapter> = [
  { id: "1", title: "no cache", file: "chapter-1.ts", runs: "virtual" },
  { id: "2", title: "get and put", file: "chapter-2.ts", runs: "virtual" },
  { id: "3", title: "getOrSet", file: "chapter-3.ts", runs: "virtual" },
  { id: "4", title: "LoadingCache", file: "chapter-4.ts", runs: "virtual" },
  { id: "5a", title: "4, two processes", file: "chapter-4.ts", runs: "processes" },
  { id: "5b", title: "shared Redis", file: "chapter-5b.ts", runs: "processes" },
  { id: "5c", title: "5b, near cache", file: "chapter-5c.ts", runs: "processes" },
  { id: "5d", title: "5c, lease", file: "chapter-5d.ts", runs: "processes" },
  { id: "6a", title: "5c, Redis outage", file: "chapter-5c.ts", runs: "processes", outage },
  { id: "6b", title: "stale copies", file: "chapter-6b.ts", runs: "processes", outage },
  { id: "6c", title: "fallback", file: "chapter-6c.ts", runs: "processes", outage }
]

/** Runs one chapter. With `realTime`, a chapter that runs in virtual time takes as long as the scenario. */
export const run = Effect.fnUntraced(function* (
  { id, title, file, runs, outage }: Chapter,
  scenario: Scenario,
  realTime = false
) {
  const { layer } = (yield* Effect.promise(() => import(/* @vite-ignore */ `../${file}`))) as {
    readonly layer: ChapterLayer
  }
  const inOneProcess = realTime ? inRealTime : inVirtualTime
  const result = yield* runs === "virtual" ? inOneProcess(layer, scenario) : inProcesses(file, scenario, outage)
  const numbers: Numbers = numbersOf(result, scenario)
  return { id, title, runs, ...(outage !== undefined && { outage }), ...numbers } satisfies Run
})
