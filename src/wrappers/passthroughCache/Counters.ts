import type * as Context from "effect/Context"
import type * as Metric from "effect/Metric"
import { counterOf } from "../../internal/metrics.ts"

/** What became of a key that was asked for. */
export type Kind = "hit" | "miss" | "stale" | "refresh" | "error"

/** The counters of one cache by kind, bound to their attributes once. */
export class Counters {
  private readonly counters: Record<Kind, Metric.Counter<number>>

  constructor(store: string | undefined) {
    const counter = (kind: Kind) =>
      counterOf("cache", "Keys that a read cache was asked for, by what became of them", {
        "cache.result": kind,
        ...(store !== undefined && { "db.namespace": store })
      })
    this.counters = {
      hit: counter("hit"),
      miss: counter("miss"),
      stale: counter("stale"),
      refresh: counter("refresh"),
      error: counter("error")
    }
  }

  count(kind: Kind, keys: number, context: Context.Context<never>): void {
    if (keys > 0) this.counters[kind].updateUnsafe(keys, context)
  }
}
