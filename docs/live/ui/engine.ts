/** Runs scenarios in a worker, so that the page stays responsive. */
import type { Answer } from "../engine/worker.ts"
import type { Run, Scenario } from "../model.ts"

export interface Engine {
  /** Runs a scenario. The answers to earlier scenarios are dropped. */
  readonly ask: (scenario: Scenario, onRun: (run: Run) => void) => void
  readonly close: () => void
}

export const startEngine = (onError: (message: string) => void): Engine => {
  const worker = new Worker(new URL("../engine/worker.ts", import.meta.url), { type: "module" })
  let latest = 0
  let answer: (run: Run) => void = () => {}
  worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    if (data.id !== latest) return
    if ("run" in data) answer(data.run)
    else onError(data.error)
  })
  worker.addEventListener("error", ({ message }) => onError(message))
  return {
    ask: (scenario, onRun) => {
      answer = onRun
      worker.postMessage({ id: ++latest, scenario })
    },
    close: () => worker.terminate()
  }
}
