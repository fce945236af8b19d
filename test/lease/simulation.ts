/** Nodes that compete for a lease under seeded faults, in virtual time. Their clocks differ, jump and run at other rates. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { Atomic, Driver } from "../../src/index.ts"
import { StoreUnavailableError } from "../../src/KeyValueError.ts"
import type { Claim } from "../../src/lease/Claim.ts"
import * as keeper from "../../src/lease/keeper.ts"
import { type Rules, rules as sound } from "../../src/lease/rules.ts"
import { Seeded } from "../../src/testing/simulation/Seeded.ts"
import { type Node, nodes } from "../support/nodes.ts"

export interface Report {
  readonly grants: number
  readonly losses: number
  /** Moments at which two nodes believed that they hold the lease, by true time. */
  readonly twoHolders: number
  readonly sameToken: number
  readonly shrunkTokens: number
}

const place = { operation: "lease", collection: "leases", keys: ["l"] } as const
const ttl = 1000

/** Delays calls and replies, loses replies, and never answers, until the faults end. */
const faulty = (random: Seeded) =>
  Driver.wrapper(
    Driver.around((call, next) =>
      Effect.suspend((): Effect.Effect<any, any> => {
        if (random.chance(0.04)) return Effect.never
        const reply = random.chance(0.3) ? 20 + Math.floor(random.chance(0.5) ? 150 : 350) : 0
        const isLost = random.chance(0.06)
        const failure = new StoreUnavailableError({ ...call.place, reason: "lost", sent: true })
        // A reply can get lost after the write was applied, and a caller that gives up does not stop the write.
        const answered = Effect.andThen(Effect.sleep(reply), isLost ? Effect.fail(failure) : Effect.void)
        return Effect.flatMap(next(call), (answer) => Effect.as(answered, answer))
      })
    )
  )

export const run = Effect.fnUntraced(function* (
  seed: number,
  rules: Rules = sound
): Effect.fn.Return<Report, never, Scope.Scope> {
  const random = new Seeded(seed, 1)
  const between = (min: number, max: number) => min + Math.floor(random.chance(0.5) ? ((max - min) * 2) / 3 : (max - min) / 4)
  const report = { grants: 0, losses: 0, twoHolders: 0, sameToken: 0, shrunkTokens: 0 }
  const believers = new Set<Claim>()
  const tokens: Array<number> = []
  const node = yield* nodes()
  const all: Array<Node> = []
  for (let i = 0; i < 3; i++) {
    const drift = { rate: 0.97 + 0.03 * i, wall: random.chance(0.5) ? 100_000 * i : -100_000 * i, monotonic: 1e6 * i }
    all.push(yield* node({ drift, wrap: faulty(new Seeded(seed, 10 + i)) }))
  }
  const compete = (self: Node) =>
    Effect.gen(function* () {
      for (;;) {
        yield* Effect.sleep(between(10, 200))
        const wait = between(0, 1500)
        const attempt = Effect.gen(function* () {
          const { driver } = yield* Atomic.Atomic
          const scope = yield* Scope.make()
          const claimed = keeper.claim(driver, place, { ttl, wait }, rules)
          const exit = yield* Effect.exit(Effect.provideService(claimed, Scope.Scope, scope))
          if (Exit.isSuccess(exit)) {
            const { claim } = exit.value
            report.grants++
            const last = tokens.at(-1) ?? 0
            if (claim.token === last) report.sameToken++
            if (claim.token < last) report.shrunkTokens++
            tokens.push(claim.token)
            believers.add(claim)
            const hold = Effect.sleep(between(100, 3000))
            const lost = yield* Effect.exit(Effect.raceFirst(hold, claim.whenLost))
            believers.delete(claim)
            if (Exit.isFailure(lost)) report.losses++
          }
          yield* Scope.close(scope, Exit.void)
        })
        yield* self.run(attempt)
      }
    })
  // Not interrupted at the end: a release would wait for a clock that no longer moves.
  for (const [i, self] of all.entries()) {
    yield* Effect.forkDetach(Effect.provideService(compete(self), Random.Random, new Seeded(seed, 20 + i)))
  }
  for (let step = 0; step < 160; step++) {
    yield* TestClock.adjust(50)
    if (random.chance(0.05)) all[step % 3]!.drift.wall += step % 2 === 0 ? 5000 : -5000
    if ([...believers].filter((claim) => claim.isHeld).length > 1) report.twoHolders++
  }
  return report
})
