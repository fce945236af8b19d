/** The texts that the demo prints at its beginning and end. */
import { Array, ByteSize, Console, Data, Duration, Effect, Option, Redacted, Ref, Runtime } from "effect"
import { Statistics } from "effect-kv"
import type { Documents } from "./documents.ts"
import { Faults } from "./faults.ts"
import { Attempts, Bytes, Requests } from "./meters.ts"
import type { Options, Place } from "./store.ts"
import { style } from "./style.ts"
import type { Damage } from "./work.ts"

const count = (n: number): string => n.toLocaleString("en-US")
const percent = (share: number | undefined): string => (share === undefined ? "–" : `${(share * 100).toFixed(1)} %`)
const time = (duration: Duration.Duration): string => `${Duration.toMillis(duration).toFixed(2)} ms`
const size = (bytes: number): string => ByteSize.format(ByteSize.bytes(bytes))
const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `${name} ${count(n)}`)
    .join(", ") || "none"

export const introduction = ({ manifests, readmes }: Documents, { url, faultRate, seed }: Place & Options) =>
  Effect.map(style, ({ bold, faint }) => {
    const store = Option.isSome(url) ? "Redis" : "SQLite"
    return [
      `\n${bold(`${manifests.size} manifests and ${readmes.size} READMEs`)}, through the production stack into ${store} and back`,
      `${faint(`${percent(faultRate)} of the calls to the store fail (seed ${JSON.stringify(seed)})`)}\n`
    ].join("\n")
  })

export const keptAt = ({ url, file, key }: Place & Options): string => {
  const place = Option.isSome(url) ? "in Redis under effect-kv-demo:" : `in ${file}, table demo`
  return `Kept ${place}, encrypted with ${Redacted.value(key)}`
}

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

const latency = (of: Statistics.OperationStatistics | undefined): string =>
  of === undefined ? "–" : `p50 ${time(of.latency.p50)}, p90 ${time(of.latency.p90)}, p99 ${time(of.latency.p99)}`

/** The rows of the table, from the counts at each level of the stack. */
export const rows = Effect.gen(function* () {
  const application = yield* (yield* Statistics.Statistics).snapshot
  const requests = yield* (yield* Requests).snapshot
  const attempts = yield* (yield* Attempts).snapshot
  const faults = yield* Ref.get(yield* Faults)
  const bytes = yield* Bytes
  const { raw, compressed, stored } = yield* Effect.all({
    raw: Ref.get(bytes.raw),
    compressed: Ref.get(bytes.compressed),
    stored: Ref.get(bytes.stored)
  })
  const { get, put } = application.total
  const reads = get?.count ?? 0
  const cached = reads - (requests.total.get?.count ?? 0)
  const of = (part: number) => percent(part / Math.max(raw, 1))
  return [
    ["operations", `${count(calls(application))} calls for ${count(reads + (put?.count ?? 0))} documents`],
    ["hit rate", `${percent(get?.hitRate)}: ${count(get?.misses ?? 0)} of ${count(reads)} were missing`],
    ["cache hits", `${count(cached)} of ${count(reads)} (${percent(cached / Math.max(reads, 1))})`],
    ["faults injected", listed(faults)],
    ["errors at the store", listed(errors(attempts))],
    ["retries", count(calls(attempts) - calls(requests))],
    ["errors that callers saw", listed(errors(application))],
    ["latency of get", latency(get)],
    ["… behind the cache, with retries", latency(requests.total.get)],
    ["… of a single attempt", latency(attempts.total.get)],
    ["latency of put", latency(put)],
    ["bytes", `${size(raw)} raw, ${size(stored)} stored (${of(stored)})`],
    ["… compressed", `${size(compressed)} (${of(compressed)}), then encrypted in one binary frame`]
  ] satisfies ReadonlyArray<readonly [name: string, value: string]>
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

/** Makes the program's exit status 1. The damaged documents have been printed already. */
export class DocumentsDamaged extends Data.TaggedError("DocumentsDamaged")<{ readonly count: number }> {
  override readonly [Runtime.errorReported] = false
}

/** Succeeds only if every document came back as it was stored. */
export const verdict = Effect.fn("report.verdict")(function* (
  { manifests, readmes }: Documents,
  damages: ReadonlyArray<Damage>
) {
  const { bold, good, bad, faint } = yield* style
  if (damages.length === 0) {
    const all = manifests.size + readmes.size
    return yield* Console.log(`${good("✓")} ${bold(`All ${count(all)} documents came back as stored.`)}`)
  }
  const shown = Array.take(damages, 10).map(({ document, what }) => `  ${document} ${what}`)
  const more = damages.length > 10 ? [faint(`  and ${count(damages.length - 10)} more`)] : []
  const some = damages.length === 1 ? "1 document" : `${count(damages.length)} documents`
  const heading = `${bad("✗")} ${bold(`${some} did not come back as stored:`)}`
  yield* Console.error([heading, ...shown, ...more].join("\n"))
  return yield* new DocumentsDamaged({ count: damages.length })
})
