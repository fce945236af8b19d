import { type History, isDone, type LoadRun, type Operation } from "./History.ts"
import { type Violation, violation } from "./Violation.ts"

/**
 * Finds operations that saw a loaded value after a newer write or delete of its key. Either the loaded value was stored
 * over the newer one, or the operation joined a load that had begun before the write. A write that begins after the
 * load has ended is concurrent with the storing of the loaded value, so that the loaded value may replace it.
 */
export const checkLoads = ({ operations }: History, key: string): ReadonlyArray<Violation> => {
  const ofKey = operations.filter(({ step }) => step.keys.includes(key))
  const writes = ofKey.filter((it) => isDone(it) && it.step.action !== "getOrSet")
  return ofKey.flatMap((loading) =>
    loading.loads.flatMap((load): ReadonlyArray<Violation> => {
      const seen = ofKey.filter((it) => it !== loading && sees(it, key, load))
      for (const write of writes) {
        if (load.to !== undefined && write.invoked.seq > load.to.seq) continue
        const inTime = write.invoked.seq > load.from.seq && load.to !== undefined && write.completed!.seq < load.to.seq
        const later = seen.find((it) => it.invoked.seq > write.completed!.seq && write.invoked.seq > load.from.seq)
        if (later === undefined || !(inTime || later.step.action === "getOrSet")) continue
        if (!inTime && later.invoked.seq > (loading.completed?.seq ?? Number.POSITIVE_INFINITY)) continue
        const what = `${load.made}, which #${loading.step.id} had begun to load before #${write.step.id} ${write.step.action}`
        const message = `${key}: #${later.step.id} ${later.step.action} saw ${what}`
        const kind = inTime ? "lostAcknowledgedWrite" : "staleReadBeyondBound"
        return [violation(kind, message, { key, operation: later.step.id })]
      }
      return []
    })
  )
}

const sees = ({ step, answer }: Operation, key: string, { made }: LoadRun): boolean =>
  made !== undefined && answer?._tag === "read" && answer.held.some((held, i) => held === made && step.keys[i] === key)
