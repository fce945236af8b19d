/** Tests that the simulation finds planted mistakes within a hundred seeds, and reports none where there is none. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Deadline, Memory, Timeout } from "effect-kv"
import { Simulation } from "effect-kv/testing"
import { cache, coalescing } from "./planted/caches.ts"
import * as counters from "./planted/counters.ts"
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
  /** The kind of violation that the simulation must report, or one of several. */
  readonly shows: Simulation.ViolationKind | ReadonlyArray<Simulation.ViolationKind>
}

const lost = "lostAcknowledgedWrite"
const stale = "staleReadBeyondBound"
const visible = "notAppliedButVisible"

const planted: Readonly<Record<string, Planted>> = {
  "a cache keeps a fill that raced a write": { stack: over(cache({ keepsRacingFills: true })), shows: stale },
  "a cache keeps the copy of a deleted entry": { stack: over(cache({ ignoresDeletes: true })), shows: stale },
  "a cache drops its copy before the write and not after it": {
    stack: over(cache({ invalidatesFirst: true })),
    shows: stale
  },
  "a cache keeps its copy when the reply to a write is lost": {
    stack: over(cache({ ignoresFailedWrites: true }), losingReplies),
    shows: stale
  },
  "a cached copy outlives its entry": { stack: over(cache({ ignoresTtls: true })), shows: stale },
  "a read joins another that began before the last write": { stack: over(coalescing), shows: stale },
  "a fallback forgets the writes and deletes of an outage": {
    stack: (faulty) =>
      faulty("primary", Memory.layer()).pipe(Timeout.wrap(300), several.forgettingFallback(Memory.layer())),
    shows: lost
  },
  "a repair on read restores a deleted entry": {
    stack: (faulty) => faulty("first", Memory.layer()).pipe(several.repairing(faulty("second", Memory.layer()))),
    shows: lost
  },
  "an update is not atomic": { stack: over(single.updateInTwoSteps), shows: lost },
  "an update loses the TTL": { stack: over(single.updateWithoutTtl), shows: lost },
  "a conditional write is retried after its reply was lost": { stack: over(single.retriedUpdates), shows: visible },
  "a new value keeps the expiry of the old one": { stack: over(single.keptExpiry), shows: lost },
  "a write that timed out is reported as not applied": { stack: over(single.optimisticTimeout(300)), shows: visible },
  "a retry reports only the outcome of the last attempt": { stack: over(single.forgetfulRetry), shows: visible },
  "a wrapper never reports that its store has recovered": { stack: over(single.neverWell), shows: "notRecovered" },
  "a failure is returned as a miss": { stack: over(single.failuresAreMisses), shows: stale },
  "a read removes an entry that it takes for expired": { stack: over(single.cleaningReads), shows: lost },
  "a batch that failed half-way is reported as not applied": { stack: over(single.halfBatches), shows: visible },
  "a write is acknowledged before it is applied": { stack: over(single.writeBehind), shows: lost },
  "each read leaves a fiber behind": { stack: over(single.leaking), shows: "leakedFiber" },
  "a failure becomes a defect": { stack: over(single.dying), shows: "untypedDefect" },

  "a lane runs the next caller inside the one that leaves": {
    stack: over(waiting.lanes({ synchronous: true })),
    hazards: ["hotKeys"],
    shows: ["hang", "untypedDefect"]
  },
  "a lane is taken one step before its finalizer exists": {
    stack: over(waiting.lanes({ takenOutside: true })),
    hazards: ["interruptions"],
    shows: "hang"
  },
  "a bulkhead loses a place when a caller is interrupted": {
    stack: over(waiting.bulkhead(1, { takenOutside: true })),
    hazards: ["interruptions"],
    shows: "hang"
  },
  "callers that wait for a place hang when the layer is closed": {
    stack: over(waiting.bulkhead(1, { forgetsWaiters: true })),
    hazards: ["restarts"],
    shows: "hang"
  },
  "a closed cache still returns its copies": {
    stack: (faulty) => cache({})(faulty("store", Memory.layer())).pipe(withoutGate),
    hazards: ["restarts"],
    shows: "answeredAfterClose"
  },
  "a loaded value is stored over a newer write": {
    stack: over(overwritingLoads),
    hazards: ["loads"],
    shows: ["lostAcknowledgedWrite", "staleReadBeyondBound"]
  },
  "callers of a shared load get the budget of the first caller": {
    stack: (faulty) => faulty("store", Memory.layer()).pipe(Deadline.wrap(), loadsUnderTheFirstBudget),
    hazards: ["loads", "hotKeys", "budgets"],
    shows: "other"
  },
  "a journal is ordered by the wall clock": {
    stack: over(several.wallClockJournal),
    hazards: ["clockJumps"],
    shows: "lostAcknowledgedWrite"
  },
  "a time limit is measured by the wall clock": {
    stack: over(waiting.wallClockTimeout(500)),
    hazards: ["clockJumps"],
    limit: "500 millis",
    shows: "hang"
  },
  "an insertion is acknowledged that was not applied": {
    stack: over(single.pretendedInserts),
    shows: "lostAcknowledgedWrite"
  },
  "a delete removes an entry that was written after its check": {
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
  "interrupted callers keep their turn in a rate limit": {
    stack: over(waiting.rateLimit(10, { givesBack: false })),
    hazards: ["hotKeys", "interruptions"],
    shows: "hang"
  },
  "a replica that came back is not repaired": {
    stack: (faulty) => faulty("first", Memory.layer()).pipe(several.neverRepairing(faulty("second", Memory.layer()))),
    alike: ["first", "second"],
    shows: "divergedReplica"
  },
  "a failed page of a listing is left out": {
    stack: over(single.partialListings),
    hazards: ["listings"],
    shows: ["lostAcknowledgedWrite", "staleReadBeyondBound"]
  },
  "removing expired entries removes another tenant's": {
    stack: over(single.sharedRemovals),
    hazards: ["listings"],
    shows: "other"
  },
  "an increment reads and writes in two steps": {
    stack: over(counters.inTwoSteps),
    hazards: ["counters"],
    operations: 15,
    shows: lost
  },
  "an increment is retried after its reply was lost": {
    stack: over(counters.retried, losingReplies),
    hazards: ["counters"],
    operations: 15,
    shows: "other"
  },
  "an increment whose reply was lost is reported as not applied": {
    stack: over(counters.optimistic, losingReplies),
    hazards: ["counters"],
    operations: 15,
    shows: visible
  }
}

/** The first of a hundred seeds that finds the mistake. */
const find = Effect.fnUntraced(function* ({ shows, ...options }: Planted) {
  for (let firstSeed = 0; firstSeed < 100; firstSeed += 5) {
    const { findings } = yield* Simulation.run({ ...options, firstSeed, seeds: 5, shrinks: 0 })
    const found = findings.find(({ kind }) => shows.includes(kind))
    if (found !== undefined) return found.seed
  }
  return undefined
})

describe("the simulation of planted mistakes", () => {
  for (const [name, bug] of Object.entries(planted)) {
    it.live(
      `finds within a hundred seeds that ${name}`,
      () => Effect.map(find(bug), (seed) => assert.isDefined(seed)),
      120_000
    )
  }

  const sound = {
    "lanes without a mistake": { stack: over(waiting.lanes({})), hazards: ["hotKeys", "interruptions"] },
    "a bulkhead without a mistake": { stack: over(waiting.bulkhead(1, {})), hazards: ["interruptions", "stalls"] },
    "a rate limit that takes back the turns of interrupted callers": {
      stack: over(waiting.rateLimit(2, { givesBack: true })),
      hazards: ["hotKeys", "interruptions"]
    },
    "a circuit whose predicate does not throw": {
      stack: over(waiting.circuit(() => true)),
      hazards: ["clockJumps", "stalls"]
    }
  } as const
  for (const [name, options] of Object.entries(sound)) {
    it.live(`finds nothing wrong with ${name}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual((yield* Simulation.run({ ...options, seeds: 12, shrinks: 0 })).findings, [])
      })
    )
  }

  it.live("finds nothing wrong with a store and a cache without a mistake", () =>
    Effect.gen(function* () {
      for (const stack of [over((store) => store), over(cache({}))]) {
        const staleness = { bound: "1 minute", when: "unsettled" } as const
        assert.deepStrictEqual((yield* Simulation.run({ stack, seeds: 50, staleness })).findings, [])
      }
    })
  )
})
