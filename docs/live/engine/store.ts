import { type Clock, Effect } from "effect"
import { Driver, KeyValueError } from "effect-kv"
import type { Fault, Scenario } from "../model.ts"
import { hashed, normal } from "./random.ts"
import { CurrentAsking } from "./recorder.ts"
import type { VirtualTime } from "./virtualTime.ts"

/** Different numbers for the different dice of a call. */
const dice = { latency: 1, latency2: 2, fault: 3, origin: 4 } as const

/** Returns a function that draws the latency of the n-th call of a request, in milliseconds. */
const latencyOf = ({ seed, latency: { p50, p99 } }: Scenario): ((request: number, n: number) => number) => {
  // 99 % of a normal distribution are below 2.326 standard deviations.
  const sigma = Math.log(Math.max(1, p99 / p50)) / 2.326
  return (request, n) =>
    p50 * Math.exp(sigma * normal(hashed(seed, request, n, dice.latency), hashed(seed, request, n, dice.latency2)))
}

/** Makes a store behave like a remote one: its calls take time, and have the faults of the scenario. */
export const remote = (scenario: Scenario, time: VirtualTime, isOn: () => boolean): Driver.Wrapper => {
  const { seed, faults } = scenario
  const latency = latencyOf(scenario)
  const counts = new Map<number, number>()
  const active = (kind: Fault["kind"]): Fault | undefined => {
    const now = time.now / 1000
    return faults.find((fault) => fault.kind === kind && fault.from <= now && now < fault.until)
  }
  return Driver.wrapper(
    Driver.around((call, next) =>
      Effect.withFiber((fiber) => {
        if (!isOn()) return next(call)
        const request = fiber.getRef(CurrentAsking)?.id ?? -1
        const n = counts.get(request) ?? 0
        counts.set(request, n + 1)
        const fails = (reason: string, sent: boolean) =>
          Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason, sent }))
        const struck = (fault: Fault | undefined) =>
          fault !== undefined && hashed(seed, request, n, dice.fault) < fault.amount
        const send = Effect.suspend(() => {
          if (active("outage")) return fails("connection refused", false)
          const takes = latency(request, n) + (active("slow")?.amount ?? 0)
          if (struck(active("errors"))) {
            return Effect.andThen(time.sleepMillis(takes), fails("the server is busy", false))
          }
          const isLost = struck(active("lost-replies"))
          const run = Effect.suspend(() => next(call))
          const answered = Driver.isWrite(call)
            ? Effect.andThen(time.sleepMillis(takes / 2), Effect.tap(run, time.sleepMillis(takes / 2)))
            : Effect.andThen(time.sleepMillis(takes), run)
          return isLost ? Effect.andThen(answered, fails("the connection was lost", true)) : answered
        })
        const silent = active("silent")
        return silent === undefined ? send : Effect.andThen(time.sleepMillis(silent.until * 1000 - time.now), send)
      })
    )
  )
}

/** Makes a store behave like one that is close by and has no faults: a call takes 1 to 3 milliseconds. */
export const nearby = ({ seed }: Scenario, time: VirtualTime, isOn: () => boolean): Driver.Wrapper => {
  let n = 0
  return Driver.wrapper(
    Driver.around((call, next) =>
      Effect.suspend(() =>
        isOn() ? Effect.andThen(time.sleepMillis(1 + 2 * hashed(seed, n++, 0, dice.latency)), next(call)) : next(call)
      )
    )
  )
}

/** How long the origin takes to load the value for a request: 50 to 150 milliseconds. */
export const originMillis = ({ seed }: Scenario, request: number): number =>
  50 + 100 * hashed(seed, request, 0, dice.origin)

/** A clock that stands still, an hour before the run. Entries that are written with it are older than all others. */
export const earlier = (time: VirtualTime): Clock.Clock => {
  const millis = time.currentTimeMillisUnsafe() - 3_600_000
  return { ...time, currentTimeMillisUnsafe: () => millis }
}

/** Puts the value of a key into the store when the key is used for the first time. */
export const filled = (fill: (key: string) => Effect.Effect<void>): Driver.Wrapper => {
  const known = new Set<string>()
  return Driver.wrapper(
    Driver.around((call, next) => {
      if (!("keys" in call)) return next(call)
      return Effect.suspend(() => {
        const unknown = call.keys.filter((key) => !known.has(key))
        if (unknown.length === 0) return next(call)
        for (const key of unknown) known.add(key)
        // A put replaces the value anyway.
        if (call._tag === "put") return next(call)
        return Effect.andThen(
          Effect.forEach(unknown, fill, { discard: true }),
          Effect.suspend(() => next(call))
        )
      })
    })
  )
}
