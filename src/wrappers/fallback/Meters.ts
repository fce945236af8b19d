import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import { counterOf } from "../../internal/metrics.ts"

/** The metrics of one journal, bound to their attributes once. */
export class Meters {
  private readonly length: Metric.Gauge<number>
  private readonly counters: Record<"journaled" | "replayed" | "conflicts", Metric.Counter<number>>
  private readonly context: Context.Context<never>

  constructor(store: string | undefined, context: Context.Context<never>) {
    const attributes = store === undefined ? {} : { "db.namespace": store }
    const counter = (name: string, description: string) => counterOf(`fallback.${name}`, description, attributes)
    this.context = context
    this.length = Metric.gauge("effect_kv.fallback.journal", {
      description: "Keys whose last write is in the journal only",
      attributes
    })
    this.counters = {
      journaled: counter("journaled", "Writes that went to the journal"),
      replayed: counter("replayed", "Keys whose last write was brought from the journal to the primary store"),
      conflicts: counter("conflicts", "Keys whose last write in the journal was older than what the primary store had")
    }
  }

  setLength(keys: number): void {
    this.length.updateUnsafe(keys, this.context)
  }

  count(what: "journaled" | "replayed" | "conflicts", by = 1): void {
    this.counters[what].updateUnsafe(by, this.context)
  }
}
