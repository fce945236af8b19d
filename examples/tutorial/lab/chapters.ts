/** The runs of the tutorial, in its order. */
import { type Outage, outage } from "./scenario.ts"

export interface Chapter {
  readonly id: string
  /** What the service does, as the tables show it. */
  readonly title: string
  readonly file: string
  /** Where it runs: in virtual time, or in real processes with a real Redis. */
  readonly runs: "virtual" | "processes"
  readonly outage?: Outage
}

export const chapters: ReadonlyArray<Chapter> = [
  { id: "1", title: "no cache", file: "chapter-1.ts", runs: "virtual" },
  { id: "2", title: "cache by hand", file: "chapter-2.ts", runs: "virtual" },
  { id: "3", title: "`getOrSet`", file: "chapter-3.ts", runs: "virtual" },
  { id: "4", title: "`LoadingCache`", file: "chapter-4.ts", runs: "virtual" },
  { id: "5a", title: "two processes", file: "chapter-4.ts", runs: "processes" },
  { id: "5b", title: "shared Redis", file: "chapter-5b.ts", runs: "processes" },
  { id: "5c", title: "with a near cache", file: "chapter-5c.ts", runs: "processes" },
  { id: "5d", title: "with a lease", file: "chapter-5d.ts", runs: "processes" },
  { id: "6a", title: "an outage of Redis", file: "chapter-5d.ts", runs: "processes", outage },
  { id: "6b", title: "with policies", file: "chapter-6.ts", runs: "processes", outage }
]
