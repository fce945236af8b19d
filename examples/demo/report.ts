/** The table at the end. */
import { ByteSize, Duration, Effect, Ref } from "effect"
import { Statistics } from "effect-kv"
import { Faults } from "./faults.ts"
import { Attempts, Bytes, Requests } from "./meters.ts"

const count = (n: number): string => n.toLocaleString("en-US")
const percent = (share: number | undefined): string => (share === undefined ? "–" : `${(share * 100).toFixed(1)} %`)
const time = (duration: Duration.Duration): string => `${Duration.toMillis(duration).toFixed(2)} ms`
const size = (bytes: number): string => ByteSize.format(ByteSize.bytes(bytes))
const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `${name} ${count(n)}`)
    .join(", ") || "none"

const kinds = ["get", "put"] as const

const calls = ({ total }: Statistics.Snapshot): number =>
  kinds.reduce((sum, kind) => sum + (total[kind]?.calls ?? 0), 0)

const errors = ({ total }: Statistics.Snapshot): Readonly<Record<string, number>> => {
  const sum: Record<string, number> = {}
  for (const kind of kinds) {
    for (const [tag, n] of Object.entries(total[kind]?.errors ?? {})) sum[tag] = (sum[tag] ?? 0) + n
  }
  return sum
}

/** The rows of the table, from what was counted at each level of the stack. */
export const rows = Effect.gen(function* () {
  const application = yield* (yield* Statistics.Statistics).snapshot
  const requests = yield* (yield* Requests).snapshot
  const attempts = yield* (yield* Attempts).snapshot
  const faults = yield* Ref.get(yield* Faults)
  const bytes = yield* Bytes
  const raw = yield* Ref.get(bytes.raw)
  const stored = yield* Ref.get(bytes.stored)
  const { get, put } = application.total
  const answered = 1 - (requests.total.get?.count ?? 0) / Math.max(get?.count ?? 0, 1)
  const latency = (of: Statistics.OperationStatistics | undefined) =>
    of === undefined ? "–" : `p50 ${time(of.latency.p50)}, p90 ${time(of.latency.p90)}, p99 ${time(of.latency.p99)}`
  const all: ReadonlyArray<readonly [name: string, value: string]> = [
    ["operations", `${count(calls(application))} calls for ${count((get?.count ?? 0) + (put?.count ?? 0))} documents`],
    ["hit rate", percent(get?.hitRate)],
    ["answered by the read cache", percent(answered)],
    ["faults injected", listed(faults)],
    ["errors at the store", listed(errors(attempts))],
    ["retries", count(calls(attempts) - calls(requests))],
    ["errors that reached us", listed(errors(application))],
    ["latency of get", latency(get)],
    ["latency of put", latency(put)],
    ["bytes", `${size(raw)} written, ${size(stored)} stored (${percent(stored / Math.max(raw, 1))})`]
  ]
  return all
})

/** A box around the rows. */
export const table = (rows: ReadonlyArray<readonly [string, string]>): string => {
  const left = Math.max(...rows.map(([name]) => name.length))
  const right = Math.max(...rows.map(([, value]) => value.length))
  const line = (start: string, middle: string, end: string) =>
    `${start}${"─".repeat(left + 2)}${middle}${"─".repeat(right + 2)}${end}`
  return [
    line("┌", "┬", "┐"),
    ...rows.map(([name, value]) => `│ ${name.padEnd(left)} │ ${value.padEnd(right)} │`),
    line("└", "┴", "┘")
  ].join("\n")
}
