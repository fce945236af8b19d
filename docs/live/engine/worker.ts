/** A module worker that runs scenarios: `{ id, scenario }` in, `{ id, run }` or `{ id, error }` out. */
import type { Run, Scenario } from "../model.ts"
import { run } from "./run.ts"

export interface Ask {
  readonly id: number
  readonly scenario: Scenario
}

export type Answer = { readonly id: number; readonly run: Run } | { readonly id: number; readonly error: string }

let latest: Ask | undefined

const answer = (): void => {
  if (latest === undefined) return
  const { id, scenario } = latest
  latest = undefined
  try {
    const result = run(scenario)
    const { time, request, layer, attempt, outcome } = result.steps
    postMessage({ id, run: result } satisfies Answer, {
      transfer: [time.buffer, request.buffer, layer.buffer, attempt.buffer, outcome.buffer]
    })
  } catch (error) {
    postMessage({ id, error: String(error) } satisfies Answer)
  }
}

/** Only the latest scenario is run: those that arrive while another one runs replace each other. */
addEventListener("message", ({ data }: MessageEvent<Ask>) => {
  if (latest === undefined) setTimeout(answer, 0)
  latest = data
})
