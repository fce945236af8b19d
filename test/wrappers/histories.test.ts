/** Tests that wrappers keep histories of faulty stores linearizable, and that the check finds known violations. */
import { assert, describe, it } from "@effect/vitest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Driver, Fallback, Memory, PassthroughCache, Replicate } from "../../src/index.ts"
import { chaos, firstViolation } from "../support/histories.ts"

const rough = { unavailable: 15, lost: 10, late: 10, slow: 25 }
const seeds = 20

/** The faults of `rough`, but none for the first call, which reads the journal. */
const soon = () => {
  let calls = 0
  return chaos(rough, () => calls++ > 0)
}

/** A primary and a fallback that outlive the layers built from them. */
const restarting = (settleTime: Duration.Input) => () => {
  const store = () => Driver.layer(Effect.succeed(Effect.runSync(Memory.make({}))))
  return store().pipe(chaos(rough), Fallback.wrap({ fallback: store(), recovery: { maxDelay: 500, settleTime } }))
}

describe("histories of several fibers over faulty stores", { timeout: 120_000 }, () => {
  const holds = (name: string, layer: Parameters<typeof firstViolation>[0]) =>
    it.effect(`are linearizable with ${name}`, () =>
      Effect.map(firstViolation(layer, seeds), (found) => assert.deepStrictEqual(found, undefined))
    )

  holds("Memory", () => Memory.layer().pipe(chaos(rough)))
  holds("PassthroughCache", () =>
    Memory.layer().pipe(chaos(rough), PassthroughCache.wrap({ cache: Memory.layer().pipe(chaos(rough)) }))
  )
  holds("PassthroughCache with everything", () =>
    Memory.layer().pipe(
      chaos(rough),
      PassthroughCache.wrap({
        cache: Memory.layer().pipe(chaos(rough)),
        maxTtl: 500,
        missingTtl: 500,
        missTtl: 500,
        refreshAhead: { fraction: 0.5 },
        maxStale: "1 minute",
        staleWhileRevalidate: true
      })
    )
  )
  holds("Fallback with recovery", () =>
    Memory.layer().pipe(chaos(rough), Fallback.wrap({ fallback: Memory.layer(), recovery: {} }))
  )
  holds("Fallback with recovery, without compareAndPut", () =>
    Memory.layer().pipe(
      Driver.wrapper((driver) => ({ ...driver, atomic: undefined })),
      chaos(rough),
      Fallback.wrap({ fallback: Memory.layer(), recovery: {} })
    )
  )
  holds("Fallback with recovery, whose fallback fails as well", () =>
    Memory.layer().pipe(chaos(rough), Fallback.wrap({ fallback: Memory.layer().pipe(soon()), recovery: {} }))
  )
  it.effect("are linearizable with Fallback with recovery, through restarts", () =>
    Effect.map(firstViolation(restarting("10 seconds"), seeds, { processes: 3, steps: 4 }), (found) =>
      assert.deepStrictEqual(found, undefined)
    )
  )

  const replicas = (count: number) => Array.from({ length: count }, () => Memory.layer().pipe(chaos(rough)))
  for (const [count, acknowledgements] of [
    [3, "quorum"],
    [2, "all"],
    [2, 1]
  ] as const) {
    holds(`Replicate over ${count} stores, acknowledgements: ${acknowledgements}`, () =>
      replicas(1)[0]!.pipe(Replicate.wrap({ replicas: replicas(count - 1), acknowledgements }))
    )
  }
})

describe("the check of histories", { timeout: 120_000 }, () => {
  const found = (name: string, layer: Parameters<typeof firstViolation>[0]) =>
    it.effect(`finds the known violation of ${name}`, () =>
      Effect.map(firstViolation(layer, 100), (found) => assert.isDefined(found))
    )

  found("Fallback without recovery", () =>
    Memory.layer().pipe(chaos(rough), Fallback.wrap({ fallback: Memory.layer(), writeToFallback: true }))
  )
  found("a Replicate that does not wait for late writes", () => {
    const store = () => Memory.layer().pipe(chaos(rough))
    return store().pipe(Replicate.wrap({ replicas: [store()], acknowledgements: 1, settleTime: 1 }))
  })
  it.effect("finds the known violation of a restart that replays at once", () =>
    Effect.map(firstViolation(restarting(1), 100, { processes: 3, steps: 4 }), (found) => assert.isDefined(found))
  )
  found("a recovery that does not wait for late writes", () =>
    Memory.layer().pipe(chaos(rough), Fallback.wrap({ fallback: Memory.layer(), recovery: { settleTime: 1 } }))
  )
})
