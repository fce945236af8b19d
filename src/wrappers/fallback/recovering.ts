import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { Lanes } from "../../concurrency/Lanes.ts"
import { around } from "../../driver/around.ts"
import { requireBackground } from "../../driver/background.ts"
import type { Driver } from "../../driver/Driver.ts"
import * as options from "../../driver/options.ts"
import * as Health from "../../Health.ts"
import { type KeyValueError, StoreSetupError } from "../../KeyValueError.ts"
import { meterOf } from "../../telemetry/metrics.ts"
import { withoutBudget } from "../../time/budget.ts"
import { limitToBudget } from "../common/limitTime.ts"
import { Journal } from "./Journal.ts"
import { journaling } from "./journaling.ts"
import { load } from "./load.ts"
import { metersOf } from "./meters.ts"
import { ruleOf } from "./outage.ts"
import { Replayer } from "./Replayer.ts"
import { Slots } from "./Slots.ts"
import { stampsOf } from "./Stamps.ts"

/** Durations in milliseconds. */
export interface Config {
  /** The collection of the journal. */
  readonly journal: string
  readonly initialDelay: number
  readonly maxDelay: number
  readonly settleTime: number
  readonly maxEntries: number
  /** A name in metrics. */
  readonly store: string | undefined
  readonly fallbackOn: (error: KeyValueError) => boolean
}

/** No operation of recovery takes longer, in milliseconds: one that hangs must not hold up the others. */
const patience = 30_000

/** A primary store whose writes go to a journal in the fallback during an outage, and are replayed after it. */
export const recovering = Effect.fnUntraced(function* (primary: Driver, fallback: Driver, config: Config) {
  yield* requireBackground("Fallback")
  const { journal: collection, settleTime, maxEntries, initialDelay, maxDelay, fallbackOn } = config
  yield* options.check("Fallback", fallback.listing !== undefined, "recovery needs a fallback that can list its keys")
  const patient = around(limitToBudget(Math.max(patience, settleTime)))
  const meter = (yield* meterOf(config.store))(primary)
  let replayed = 0
  const counters = metersOf(meter)
  const meters = {
    ...counters,
    replayed: (count = 1) => {
      replayed += count
      counters.replayed(count)
    }
  }
  const stamps = stampsOf(yield* Clock.Clock)
  const writer = (yield* Random.nextInt).toString(36)
  const slots = new Slots({ store: fallback, background: patient(fallback), collection, writer })
  const journal = new Journal({ slots, maxEntries, settleTime, meters, stamps })
  yield* Effect.mapError(
    withoutBudget(load(journal)),
    (cause) => new StoreSetupError({ module: "Fallback", reason: "the journal cannot be read", cause })
  )
  meter.gauge("fallback.journal", "Keys whose last write is in the journal only", {}, () => journal.size)
  const lanes = new Lanes()
  const replayer = new Replayer({
    primary: patient(primary),
    journal,
    lanes,
    initialDelay,
    maxDelay,
    isOutage: fallbackOn,
    onChange: () => tell()
  })
  const isDown = () => replayer.isDown
  const report = yield* Health.reporter({
    module: "Fallback",
    store: config.store,
    rule: ruleOf(isDown),
    covers: isDown
  })
  const health = report(primary.system, [primary, fallback])
  const tell = () => {
    if (replayer.isDown) health.to("degraded", "The first store fails. Writes go to the journal.")
    else if (journal.size > 0) {
      health.to("degraded", `The first store is used. ${writes(journal.size)} of an outage must still be replayed.`)
    } else {
      health.to("up", `The first store is used, and the journal is empty (${writes(replayed)} replayed).`)
      replayed = 0
    }
  }
  tell()
  yield* Effect.forkScoped(replayer.run)
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      journal.isClosed = true
      lanes.close()
    })
  )
  return { ...journaling({ primary, fallback, journal, replayer, lanes, fallbackOn }), health }
})

const writes = (count: number): string => (count === 1 ? "1 write" : `${count} writes`)
