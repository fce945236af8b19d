import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"

/** What became of a key that was asked for. */
export type Kind = "hit" | "miss" | "stale" | "refresh" | "error"

/** The counters of one cache by kind, bound to their attributes once. */
export class Counters {
  private readonly counters: Record<Kind, Metric.Counter<number>>

  constructor(store: string | undefined) {
    const counter = (kind: Kind) =>
      Metric.counter("effect_kv.cache", {
        description: "Keys that a read cache was asked for, by what became of them",
        attributes: { "cache.result": kind, ...(store !== undefined && { "db.namespace": store }) },
        incremental: true
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
