/** The numbers of a run. */
import type { Run, Summary } from "../model.ts"
import { bytes, count, difference, millis, percent } from "./format.ts"

export interface Tile {
  readonly id: string
  readonly label: string
  readonly value: string
  readonly detail: string
  readonly level: "good" | "bad" | "plain"
  readonly change: string
  readonly verdict: "better" | "worse" | "other"
}

interface Figure {
  readonly id: string
  readonly label: string
  readonly of: (summary: Summary) => number
  readonly show: (value: number) => string
  /** Whether more of it is better. Without it, neither is. */
  readonly more?: "better" | "worse"
  /** Whether the figure is worth a tile. */
  readonly isShown?: (run: Run, before: Summary | undefined) => boolean
  readonly detail?: (summary: Summary) => string
  /** A figure that should be 0. */
  readonly isBad?: boolean
}

const failures = ({ failed }: Summary): number => Object.values(failed).reduce((sum, n) => sum + n, 0)

const has = (run: Run, name: string): boolean => run.scenario.stack.some((wrapper) => wrapper.name === name)

/** Whether a figure is not 0 now, or was not 0 before. */
const either =
  (of: (summary: Summary) => number) =>
  ({ summary }: Run, before: Summary | undefined): boolean =>
    of(summary) !== 0 || (before !== undefined && of(before) !== 0)

const figures: ReadonlyArray<Figure> = [
  { id: "requests", label: "Requests", of: ({ requests }) => requests, show: count },
  { id: "succeeded", label: "Succeeded", of: ({ succeeded }) => succeeded, show: count, more: "better" },
  {
    id: "failed",
    label: "Failed",
    of: failures,
    show: count,
    more: "worse",
    isBad: true,
    detail: ({ failed }) =>
      Object.entries(failed)
        .sort(([, a], [, b]) => b - a)
        .map(([tag, n]) => `${count(n)} ${tag}`)
        .join(", ")
  },
  { id: "p50", label: "Latency, p50", of: ({ p50 }) => p50, show: millis, more: "worse" },
  { id: "p99", label: "Latency, p99", of: ({ p99 }) => p99, show: millis, more: "worse" },
  { id: "store-calls", label: "Store calls", of: ({ storeCalls }) => storeCalls, show: count, more: "worse" },
  {
    id: "loads",
    label: "Origin loads",
    of: ({ loads }) => loads,
    show: count,
    more: "worse",
    isShown: (run) => run.scenario.load.reads !== "get"
  },
  {
    id: "hit-rate",
    label: "Hit rate",
    of: ({ hitRate }) => hitRate ?? 0,
    show: percent,
    more: "better",
    isShown: (run) => has(run, "PassthroughCache")
  },
  {
    id: "retries",
    label: "Retries",
    of: ({ retries }) => retries,
    show: count,
    isShown: (run, before) => has(run, "Retry") || either(({ retries }) => retries)(run, before)
  },
  {
    id: "hedges",
    label: "Second attempts",
    of: ({ hedges }) => hedges,
    show: count,
    isShown: (run) => has(run, "Hedge")
  },
  {
    id: "unknown-writes",
    label: "Outcome unknown",
    of: ({ unknownWrites }) => unknownWrites,
    show: count,
    more: "worse",
    isBad: true,
    isShown: (run) => run.scenario.load.writes > 0
  },
  {
    id: "stale-reads",
    label: "Reads older than the last write",
    of: ({ staleReads }) => staleReads,
    show: count,
    more: "worse",
    isBad: true,
    isShown: (run, before) =>
      has(run, "PassthroughCache") || has(run, "Fallback") || either(({ staleReads }) => staleReads)(run, before)
  },
  {
    id: "stored-bytes",
    label: "Stored at the end",
    of: ({ storedBytes }) => storedBytes,
    show: bytes,
    isShown: (run) => has(run, "Compression") || has(run, "Aead")
  }
]

export const tilesOf = (run: Run, before: Summary | undefined): ReadonlyArray<Tile> =>
  figures
    .filter(({ isShown }) => isShown?.(run, before) ?? true)
    .map(({ id, label, of, show, more, detail, isBad }) => {
      const value = of(run.summary)
      const was = before === undefined ? value : of(before)
      const change = difference(value, was, show)
      const verdict =
        more === undefined || change === "" ? "other" : value > was === (more === "better") ? "better" : "worse"
      return {
        id,
        label,
        value: show(value),
        detail: detail?.(run.summary) ?? "",
        level: isBad === true ? (value > 0 ? "bad" : "good") : "plain",
        change,
        verdict
      }
    })

/** The figures that show what a wrong order costs. */
const compared = ["failed", "p99", "store-calls", "retries", "unknown-writes", "stored-bytes"]

/** The figures in which the recommended order differs. */
export const comparisonOf = (run: Run, recommended: Summary) =>
  figures
    .filter(({ id, isShown }) => compared.includes(id) && (isShown?.(run, recommended) ?? true))
    .map(({ id, label, of, show }) => ({ id, label, own: show(of(run.summary)), recommended: show(of(recommended)) }))
    .filter(({ own, recommended }) => own !== recommended)
