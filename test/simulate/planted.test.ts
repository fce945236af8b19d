import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Deadline, Memory, Timeout } from "effect-kv"
import { Simulation } from "effect-kv/testing"
import { cache, coalescing } from "./planted/caches.ts"
import { loadsUnderTheFirstBudget, overwritingLoads, withoutGate } from "./planted/loading.ts"
import * as several from "./planted/several.ts"
import * as single from "./planted/single.ts"
import * as waiting from "./planted/waiting.ts"

type Stack = Simulation.Options<any>["stack"]

/** A wrapper over one store with faults. */
const over =
  (wrap: (store: ReturnType<Stack>) => ReturnType<Stack>, faults?: Simulation.Faults): Stack =>
  (faulty) =>
    wrap(faulty("store", Memory.layer(), faults))

const losingReplies = { rates: { ...Simulation.defaultRates, failAfter: 0.15 } }

interface Planted extends Partial<Simulation.Options<any>> {
  readonly stack: Stack
  /** The kind of violation that it shows as, or one of several. */
  readonly shows: Simulation.ViolationKind | ReadonlyArray<Simulation.ViolationKind>
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
    stack: (faulty) =>
      faulty("primary", Memory.layer()).pipe(Timeout.wrap(300), several.forgettingFallback(Memory.layer())),
    shows: lost
  },
  "a repair on read brings back what was deleted": {
    stack: (faulty) => faulty("first", Memory.layer()).pipe(several.repairing(faulty("second", Memory.layer()))),
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
  "a failure is a defect": { stack: over(single.dying), shows: "untypedDefect" },

  "who leaves a lane runs the next one within": {
    stack: over(waiting.lanes({ synchronous: true })),
    hazards: ["hotKeys"],
    shows: ["hang", "untypedDefect"]
  },
  "a lane is taken one step before what frees it": {
    stack: over(waiting.lanes({ takenOutside: true })),
    hazards: ["interruptions"],
    shows: "hang"
  },
  "a place of a bulkhead is lost to an interruption": {
    stack: over(waiting.bulkhead(1, { takenOutside: true })),
    hazards: ["interruptions"],
    shows: "hang"
  },
  "those who wait for a place are forgotten when the layer is closed": {
    stack: over(waiting.bulkhead(1, { forgetsWaiters: true })),
    hazards: ["restarts"],
    shows: "hang"
  },
  "a closed cache answers from its copies": {
    stack: (faulty) => cache({})(faulty("store", Memory.layer())).pipe(withoutGate),
    hazards: ["restarts"],
    shows: "answeredAfterClose"
  },
  "a loaded value is stored over a newer write": {
    stack: over(overwritingLoads),
    hazards: ["loads"],
    shows: ["lostAcknowledgedWrite", "staleReadBeyondBound"]
  },
  "those who share a load have the budget of the first": {
    stack: (faulty) => faulty("store", Memory.layer()).pipe(Deadline.wrap(), loadsUnderTheFirstBudget),
    hazards: ["loads", "hotKeys", "budgets"],
    shows: "other"
  },
  "a journal is ordered by the wall clock": {
    stack: over(several.wallClockJournal),
    hazards: ["clockJumps"],
    shows: "lostAcknowledgedWrite"
  },
  "a limit is measured by the wall clock": {
    stack: over(waiting.wallClockTimeout(500)),
    hazards: ["clockJumps"],
    limit: "500 millis",
    shows: "hang"
  },
  "an insertion is said to be done that is not": {
    stack: over(single.pretendedInserts),
    shows: "lostAcknowledgedWrite"
  },
  "a delete removes what came after it looked": {
    stack: over(single.lateDeletes, { delay: { min: 10, max: 100 } }),
    shows: "lostAcknowledgedWrite"
  },
  "an update shortens the life of the entry": {
    stack: over(single.shorteningUpdates),
    shows: "lostAcknowledgedWrite"
  },
  "a circuit stays open when its predicate throws": {
    stack: (faulty, throwing) => faulty("store", Memory.layer()).pipe(waiting.circuit(throwing(() => true))),
    hazards: ["throws"],
    shows: "notRecovered"
  },
  "those who gave up keep their turn of a rate limit": {
    stack: over(waiting.rateLimit(10, { givesBack: false })),
    hazards: ["hotKeys", "interruptions"],
    shows: "hang"
  },
  "a replica that came back gets nothing": {
    stack: (faulty) => faulty("first", Memory.layer()).pipe(several.neverRepairing(faulty("second", Memory.layer()))),
    alike: ["first", "second"],
    shows: "divergedReplica"
  },
  "a part of a listing that fails is left out": {
    stack: over(single.partialListings),
    hazards: ["listings"],
    shows: ["lostAcknowledgedWrite", "staleReadBeyondBound"]
  },
  "removing expired entries removes another tenant's": {
    stack: over(single.sharedRemovals),
    hazards: ["listings"],
    shows: "other"
  }
}

/** The first seed, of a hundred, that finds it. */
const find = Effect.fnUntraced(function* ({ shows, ...options }: Planted) {
  for (let firstSeed = 0; firstSeed < 100; firstSeed += 5) {
    const { findings } = yield* Simulation.run({ ...options, firstSeed, seeds: 5, shrinks: 0 })
    const found = findings.find(({ kind }) => shows.includes(kind))
    if (found !== undefined) return found.seed
  }
  return undefined
})

describe("the simulation finds within a hundred seeds that", () => {
  for (const [name, bug] of Object.entries(planted)) {
    it.live(name, () => Effect.map(find(bug), (seed) => assert.isDefined(seed)), 60_000)
  }

  const sound = {
    "lanes without a mistake": { stack: over(waiting.lanes({})), hazards: ["hotKeys", "interruptions"] },
    "a bulkhead without a mistake": { stack: over(waiting.bulkhead(1, {})), hazards: ["interruptions", "stalls"] },
    "a rate limit that takes turns back": {
      stack: over(waiting.rateLimit(2, { givesBack: true })),
      hazards: ["hotKeys", "interruptions"]
    },
    "a circuit whose predicate does not throw": {
      stack: over(waiting.circuit(() => true)),
      hazards: ["clockJumps", "stalls"]
    }
  } as const
  for (const [name, options] of Object.entries(sound)) {
    it.live(`and nothing wrong with ${name}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual((yield* Simulation.run({ ...options, seeds: 12, shrinks: 0 })).findings, [])
      })
    )
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
