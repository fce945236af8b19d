/** Captures all log lines and spans as text. */
import { inspect } from "node:util"
import { Effect, Layer, Logger, Metric, References, Tracer } from "effect"

export class Capture {
  private lines: Array<string> = []
  private spans: Array<Tracer.NativeSpan> = []

  private readonly logger = Logger.make<unknown, void>((options) => {
    this.lines.push(Logger.formatJson.log(options), Logger.formatLogFmt.log(options))
  })

  private readonly tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      this.spans.push(span)
      return span
    }
  })

  /** All levels are logged, and all spans are sampled. */
  readonly layer: Layer.Layer<never> = Layer.mergeAll(
    Logger.layer([this.logger]),
    Layer.succeed(References.MinimumLogLevel, "All"),
    Layer.succeed(Tracer.Tracer, this.tracer)
  )

  /** Returns the text since the last call. */
  take(): string {
    const spans = this.spans.map(({ name, attributes, events, status }) =>
      [
        name,
        JSON.stringify([...attributes, ...events], jsonOf),
        status._tag === "Ended" ? shown(status.exit) : ""
      ].join(" ")
    )
    const all = [...this.lines, ...spans].join("\n")
    this.lines = []
    this.spans = []
    return all
  }
}

const jsonOf = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value)

/** All metrics as text. */
export const metrics: Effect.Effect<string> = Effect.map(Metric.snapshot, shown)

/** A value as text, in every way in which it can be printed. */
export function shown(value: unknown): string {
  return inspect(value, {
    depth: null,
    customInspect: false,
    showHidden: true,
    maxArrayLength: 64,
    maxStringLength: null
  })
}
