import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { chapters } from "./lab/chapters.ts"
import { inProcesses } from "./lab/processes.ts"
import { inVirtualTime, type ChapterLayer } from "./lab/run.ts"
import { standard } from "./lab/scenario.ts"

const ids = process.argv.slice(2)
const program = Effect.forEach(chapters.filter(({ id }) => ids.length === 0 || ids.includes(id)), Effect.fnUntraced(function* (c) {
  const { layer } = (yield* Effect.promise(() => import(`./${c.file}`))) as { readonly layer: ChapterLayer }
  const r = yield* c.runs === "virtual" ? inVirtualTime(layer, standard) : inProcesses(c.file, standard, c.outage)
  const took = r.answers.map((a) => a.took).sort((a, b) => a - b)
  const errors: Record<string, number> = {}
  for (const a of r.answers) if (a.error) errors[a.error] = (errors[a.error] ?? 0) + 1
  const per = (xs: number[]) => { const r = Array(25).fill(0); for (const x of xs) r[Math.floor(x/1000)]++; return r.join(" ") }
  console.log(c.id, c.title, JSON.stringify({ requests: r.answers.length, queries: r.queries.length, redis: (r as any).redisCalls, p50: took[Math.floor(took.length / 2)], p99: took[Math.floor(took.length * 0.99)], p999: took[Math.floor(took.length * 0.999)],max: took.at(-1), errors, age: Math.max(...r.answers.map((a) => a.age ?? 0)) }))
  console.log("  queries", per([...r.queries])); console.log("  errors ", per(r.answers.filter((a) => a.error).map((a) => a.at))); console.log("  >100ms ", per(r.answers.filter((a) => a.took > 100).map((a: any) => a.at)))
}))
program.pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
