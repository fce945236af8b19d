/** What `engine.browser.test.ts` runs both here and in Chromium. */
import { presets } from "../../live/engine/presets.ts"
import { run } from "../../live/engine/run.ts"
import type { Run, Scenario } from "../../live/model.ts"
import { randomScenario } from "./engine.scenarios.ts"

/** A hash of everything in a run (FNV-1a in two halves). */
const hash = (result: Run): string => {
  const text = JSON.stringify(result)
  let low = 0x811c9dc5
  let high = 0x97a1b3c5
  for (let i = 0; i < text.length; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x01000193)
    high = Math.imul(high ^ text.charCodeAt(i) ^ (low >>> 15), 0x01000193)
  }
  return `${text.length} ${low >>> 0} ${high >>> 0}`
}

const scenarios: ReadonlyArray<readonly [string, Scenario]> = [
  ...presets.map(({ id, scenario }) => [id, scenario] as const),
  ...Array.from({ length: 20 }, (_, seed) => [`seed ${seed}`, randomScenario(seed + 500)] as const)
]

/** The hash of each run. */
export const hashes = (): Readonly<Record<string, string>> =>
  Object.fromEntries(scenarios.map(([name, scenario]) => [name, hash(run(scenario))]))

/** The least time of three runs of each preset, and of copying a run as `postMessage` does, in milliseconds. */
export const times = (): Readonly<Record<string, { readonly run: number; readonly clone: number }>> =>
  Object.fromEntries(
    presets.map(({ id, scenario }) => {
      const measured = Array.from({ length: 3 }, () => {
        const begun = performance.now()
        const result = run(scenario)
        const ran = performance.now()
        const { time, request, layer, attempt, outcome } = result.steps
        structuredClone(result, {
          transfer: [time.buffer, request.buffer, layer.buffer, attempt.buffer, outcome.buffer]
        })
        return { run: ran - begun, clone: performance.now() - ran }
      })
      const least = (of: "run" | "clone") => Math.min(...measured.map((it) => it[of]))
      return [id, { run: least("run"), clone: least("clone") }] as const
    })
  )

Object.assign(globalThis, { hashes, times })
