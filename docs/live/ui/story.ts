/** What happened to one request, as lines of text. */
import type { Layer, Outcome, Request, Run } from "../model.ts"
import { millis } from "./format.ts"
import { isFailure, type Look, lookOf } from "./outcomes.ts"

export interface Line {
  /** Milliseconds from the start of the run. */
  readonly time: number
  readonly layer: string
  readonly text: string
  readonly look: Look
  /** How deep the layer is in the stack. */
  readonly depth: number
}

const results: Readonly<Record<string, string>> = {
  ok: "answers",
  hit: "answers from the cache",
  stale: "answers with a stale copy from the cache",
  miss: "finds nothing",
  interrupted: "is interrupted, because nobody waits for it anymore",
  defect: "ends with a defect"
}

const resultOf = (outcome: Outcome): string => results[outcome] ?? `fails with ${outcome}`

const enteringOf = (layer: Layer, attempt: number): string => {
  const again = attempt === 0 ? "" : `, call ${attempt + 1}`
  switch (layer.kind) {
    case "wrapper":
      return `is called${again}`
    case "store":
      return `is asked${again}`
    case "fallback":
      return `is asked instead of the store${again}`
    case "origin":
      return `starts to load the value${again}`
  }
}

export const storyOf = (run: Run, request: Request): ReadonlyArray<Line> => {
  const { steps, layers } = run
  const lines: Array<Line> = [
    {
      time: request.start,
      layer: "Caller",
      text: `${request.write ? "puts" : "reads"} ${request.key}`,
      look: request.write ? "write" : "read",
      depth: 0
    }
  ]
  for (let i = 0; i < steps.length; i++) {
    if (steps.request[i] !== request.id) continue
    const layer = layers[steps.layer[i]!]!
    const depth = layer.kind === "origin" ? 1 : steps.layer[i]! + 1
    const entering = steps.outcome[i] === 0
    const outcome = entering ? undefined : steps.outcomes[steps.outcome[i]! - 1]!
    lines.push({
      time: steps.time[i]!,
      layer: layer.name,
      text: outcome === undefined ? enteringOf(layer, steps.attempt[i]!) : resultOf(outcome),
      look: outcome === undefined ? (steps.attempt[i]! > 0 ? "retry" : lines[0]!.look) : lookOf(outcome),
      depth
    })
  }
  if (request.end !== undefined) {
    // What a layer still does after the answer comes after the caller's line.
    const at = lines.findLastIndex(({ time }) => time <= request.end!) + 1
    lines.splice(at, 0, {
      time: request.end,
      layer: "Caller",
      text: endOf(request),
      look: request.applied === "unknown" ? "unknown" : lookOf(request.outcome ?? "ok"),
      depth: 0
    })
  }
  return lines
}

const endOf = ({ outcome = "ok", start, end = start, applied, stale, write }: Request): string => {
  const after = `after ${millis(end - start)}`
  if (isFailure(outcome)) {
    const known = !write
      ? ""
      : applied === "unknown"
        ? ". The write may have been applied: its outcome is unknown"
        : applied === "not-applied"
          ? ". The write was not applied"
          : ""
    return `gets ${outcome} ${after}${known}.`
  }
  if (outcome === "miss") return `learns ${after} that there is no value.`
  return write
    ? `learns ${after} that the write was applied.`
    : `gets the value ${after}${stale ? ". The value is older than the last acknowledged write" : ""}.`
}

/** Which requests the list of stories has. */
export const filters = {
  all: { name: "all requests", of: () => true },
  failed: { name: "failed requests", of: ({ outcome }: Request) => outcome !== undefined && isFailure(outcome) },
  unknown: { name: "writes with an unknown outcome", of: ({ applied }: Request) => applied === "unknown" },
  stale: { name: "reads older than the last write", of: ({ stale }: Request) => stale },
  slow: {
    name: "requests that took over 250 ms",
    of: ({ start, end }: Request) => end !== undefined && end - start > 250
  }
} as const satisfies Readonly<Record<string, { readonly name: string; readonly of: (request: Request) => boolean }>>

export type Filter = keyof typeof filters
