/** A Prometheus that scrapes the service with all metrics. */
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { freePort, run } from "../../../test/servers/process.ts"
import { prometheus } from "../../../test/servers/prometheus.ts"
import type { Naming } from "./names.ts"
import { chosen } from "./queries.ts"

/** The jobs of Prometheus, by how metrics are named. */
export const jobs = { scrape: "service", otlp: "service-otlp" } as const satisfies Record<Naming, string>

/** Starts both. They end with the scope. */
export const monitored = (cycleSeconds: number) =>
  Effect.gen(function* () {
    const port = yield* freePort
    const service = fileURLToPath(new URL("service.ts", import.meta.url))
    const args = ["--no-warnings", "--conditions=@effect-kv/source", service, String(port), String(cycleSeconds)]
    const running = yield* run(process.execPath, args)
    const server = yield* prometheus([
      { job: jobs.scrape, port, path: "/metrics" },
      { job: jobs.otlp, port, path: "/otlp" }
    ])
    return { ...server, output: running.output }
  })

/** Puts values into the variables of Grafana. The panels show everything of one job. */
export const filled = (query: string, naming: Naming, range = "4s"): string =>
  query
    .replaceAll(chosen.range, range)
    .replaceAll("$job", jobs[naming])
    .replaceAll(/\$(store|collection)/g, ".*")
