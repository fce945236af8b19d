import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Memory, Timeout } from "effect-kv"
import { Simulation } from "effect-kv/testing"
import { cache, coalescing } from "./planted/caches.ts"
import { forgettingFallback, repairing } from "./planted/several.ts"
import * as single from "./planted/single.ts"

type Stack = Simulation.Options<any>["stack"]

/** A wrapper over one store with faults. */
const over =
  (wrap: (store: ReturnType<Stack>) => ReturnType<Stack>, faults?: Simulation.Faults): Stack =>
  (faulty) =>
    wrap(faulty("store", Memory.layer(), faults))

const losingReplies = { rates: { ...Simulation.defaultRates, failAfter: 0.15 } }

interface Planted {
  readonly stack: Stack
  readonly shows: Simulation.ViolationKind
}

const lost = "lostAcknowledgedWrite"
const stale = "staleReadBeyondBound"
const visible = "notAppliedButVisible"

const planted: Readonly<Record<string, Planted>> = {
  "a cache keeps a fill that raced a write": { stack: over(cache({ keepsRacingFills: true })), shows: stale },
  "a cache keeps the copy of what is deleted": { stack: over(cache({ ignoresDeletes: true })), shows: stale },
  "a cache forgets its copy before the write, not after": {
    stack: over(cache({ invalidatesFirst: true })),
    shows: stale
  },
  "a cache keeps its copy when the reply to a write is lost": {
    stack: over(cache({ ignoresFailedWrites: true }), losingReplies),
    shows: stale
  },
  "a copy outlives the entry": { stack: over(cache({ ignoresTtls: true })), shows: stale },
  "a read shares another that began before the last write": { stack: over(coalescing), shows: stale },
  "a fallback forgets the writes and deletes of an outage": {
    stack: (faulty) => faulty("primary", Memory.layer()).pipe(Timeout.wrap(300), forgettingFallback(Memory.layer())),
    shows: lost
  },
  "a repair on read brings back what was deleted": {
    stack: (faulty) => faulty("first", Memory.layer()).pipe(repairing(faulty("second", Memory.layer()))),
    shows: lost
  },
  "an update is a read and a write": { stack: over(single.updateInTwoSteps), shows: lost },
  "an update loses the TTL": { stack: over(single.updateWithoutTtl), shows: lost },
  "a conditional write is done again after its reply was lost": { stack: over(single.retriedUpdates), shows: visible },
  "a new value expires when the old one would have": { stack: over(single.keptExpiry), shows: lost },
  "a write that timed out is said not to be applied": { stack: over(single.optimisticTimeout(300)), shows: visible },
  "a retry tells what the last attempt says": { stack: over(single.forgetfulRetry), shows: visible },
  "a failure is a miss": { stack: over(single.failuresAreMisses), shows: stale },
  "a read removes what it takes for expired": { stack: over(single.cleaningReads), shows: lost },
  "a batch that failed half-way is said not to be applied": { stack: over(single.halfBatches), shows: visible },
  "a write is acknowledged before it is done": { stack: over(single.writeBehind), shows: lost },
  "each read leaves a fiber behind": { stack: over(single.leaking), shows: "leakedFiber" },
  "a failure is a defect": { stack: over(single.dying), shows: "untypedDefect" }
}

/** The first seed, of a hundred, that finds it. */
const find = Effect.fnUntraced(function* ({ stack, shows }: Planted) {
  for (let firstSeed = 0; firstSeed < 100; firstSeed += 5) {
    const { findings } = yield* Simulation.run({ stack, firstSeed, seeds: 5, shrinks: 0 })
    const found = findings.find(({ kind }) => kind === shows)
    if (found !== undefined) return found.seed
  }
  return undefined
})

describe("the simulation finds within a hundred seeds that", () => {
  for (const [name, bug] of Object.entries(planted)) {
    it.live(name, () => Effect.map(find(bug), (seed) => assert.isDefined(seed)), 60_000)
  }

  it.live("and nothing where there is no mistake", () =>
    Effect.gen(function* () {
      for (const stack of [over((store) => store), over(cache({}))]) {
        const staleness = { bound: "1 minute", when: "unsettled" } as const
        assert.deepStrictEqual((yield* Simulation.run({ stack, seeds: 50, staleness })).findings, [])
      }
    })
  )
})
