/**
 * Coverage by V8, but not in the projects whose files have processes of their own: `measured`, where it would change what is
 * measured, and `ioredis 5`, whose tests run in the first project, too.
 */
import v8 from "@vitest/coverage-v8"
import type { CoverageProviderModule } from "vitest/node"

let isOn = false

const provider: CoverageProviderModule = {
  getProvider: () => v8.getProvider(),
  startCoverage: async (options) => {
    if (options.isolate) return
    isOn = true
    await v8.startCoverage?.(options)
  },
  takeCoverage: (options) => (isOn ? v8.takeCoverage?.(options) : undefined),
  stopCoverage: (options) => (isOn ? v8.stopCoverage?.(options) : undefined)
}

export default provider
