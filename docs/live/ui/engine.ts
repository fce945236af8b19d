/** Runs scenarios in a worker, so that the page stays responsive. */
import type { Answer } from "../engine/worker.ts"
import type { Run, Scenario } from "../model.ts"

export interface Engine {
  /** Runs a scenario. The answers to earlier scenarios are dropped. */
  readonly ask: (scenario: Scenario) => void
  readonly close: () => void
}

export const startEngine = (onRun: (run: Run) => void, onError: (message: string) => void): Engine => {
  const worker = new Worker(new URL("../engine/worker.ts", import.meta.url), { type: "module" })
  let latest = 0
  worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    if (data.id !== latest) return
    if ("run" in data) onRun(data.run)
    else onError(data.error)
  })
  worker.addEventListener("error", ({ message }) => onError(message))
  return {
    // A plain copy, because Vue's proxies cannot be sent to a worker.
    ask: (scenario) => worker.postMessage({ id: ++latest, scenario: JSON.parse(JSON.stringify(scenario)) as Scenario }),
    close: () => worker.terminate()
  }
}
