/** A server that receives JSON from OTLP/HTTP exporters. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"

type Attributes = Readonly<Record<string, unknown>>

export interface Point {
  readonly metric: string
  readonly unit: string
  readonly type: "sum" | "histogram" | "gauge"
  readonly attributes: Attributes
  readonly value: number | undefined
  readonly count: number | undefined
  readonly sum: number | undefined
  readonly bounds: ReadonlyArray<number> | undefined
  readonly buckets: ReadonlyArray<number> | undefined
}

export interface Span {
  readonly name: string
  readonly kind: number
  readonly id: string
  readonly parent: string | undefined
  readonly attributes: Attributes
  readonly status: { readonly code: number; readonly message?: string }
  readonly nanos: number
}

/** Starts a server on a free port, which lives as long as the scope, and returns what it has received. */
export const make = Effect.gen(function* () {
  const bodies: Array<{ readonly path: string; readonly body: any }> = []
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk) => chunks.push(chunk))
        request.on("end", () => {
          bodies.push({ path: request.url ?? "", body: JSON.parse(Buffer.concat(chunks).toString()) })
          response.writeHead(200, { "content-type": "application/json" }).end("{}")
        })
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const sent = (path: string) => bodies.filter((request) => request.path === path).map(({ body }) => body)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The points of the last export. */
    points: () => pointsOf(sent("/v1/metrics").at(-1)),
    spans: () => sent("/v1/traces").flatMap(spansOf),
    text: () => JSON.stringify(bodies)
  }
})

const attributesOf = (list: ReadonlyArray<any>): Attributes =>
  Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]))

const valueOf = (value: any): unknown => {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(valueOf)
  return value.intValue === undefined ? Object.values(value)[0] : Number(value.intValue)
}

const pointsOf = (body: any): ReadonlyArray<Point> =>
  body.resourceMetrics[0].scopeMetrics[0].metrics.flatMap((metric: any) =>
    (metric.sum ?? metric.histogram ?? metric.gauge).dataPoints.map((point: any) => ({
      metric: metric.name,
      unit: metric.unit,
      type: metric.sum !== undefined ? "sum" : metric.histogram !== undefined ? "histogram" : "gauge",
      attributes: attributesOf(point.attributes),
      value: point.asDouble,
      count: point.count,
      sum: point.sum,
      bounds: point.explicitBounds,
      buckets: point.bucketCounts
    }))
  )

const spansOf = (body: any): ReadonlyArray<Span> =>
  body.resourceSpans[0].scopeSpans[0].spans.map((span: any) => ({
    name: span.name,
    kind: span.kind,
    id: span.spanId,
    parent: span.parentSpanId,
    attributes: attributesOf(span.attributes),
    status: span.status,
    nanos: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano))
  }))
