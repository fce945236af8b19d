/**
 * Nodes that compete for a lease under seeded faults, in virtual time. Their clocks differ, jump and run at other rates, their
 * connections are slow or cut, and their processes stand still.
 */
import * as Clock from "effect/Clock"
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
import { monotonicMillis } from "../../src/time/clock.ts"
import { type Node, nodes } from "../support/nodes.ts"

export interface Report {
  readonly grants: number
  readonly losses: number
  /** Grants, and other moments, at which another node believed that it held the lease, by true time. */
  readonly twoHolders: number
  readonly sameToken: number
  readonly shrunkTokens: number
}

const place = { operation: "lease", collection: "leases", keys: ["l"] } as const
const ttl = 1000

/**
 * Delays replies, loses replies, never answers, and cuts the connection of a node after a reply that took 60 % of the TTL. Such a
 * cut comes most often after a write: the holder then has an old renewal, and cannot get another one.
 */
const faulty = (random: Seeded) => {
  let isCut = false
  const cut = Effect.suspend(() => {
    isCut = true
    // Longer than the rest of the TTL: the cut ends after the lease has lapsed.
    const mended = Effect.andThen(
      Effect.sleep(2 * ttl),
      Effect.sync(() => {
        isCut = false
      })
    )
    return Effect.forkDetach(mended)
  })
  return Driver.wrapper(
    Driver.around((call, next) =>
      Effect.suspend((): Effect.Effect<any, any> => {
        if (isCut || random.chance(0.04)) return Effect.never
        const isLast = random.chance(call._tag === "compareAndPut" ? 0.1 : 0.004)
        const reply = isLast ? 0.6 * ttl : random.chance(0.3) ? 20 + Math.floor(random.chance(0.5) ? 150 : 350) : 0
        const isLost = random.chance(0.06)
        const failure = new StoreUnavailableError({ ...call.place, reason: "lost", sent: true })
        // A reply can get lost after the write was applied, and a caller that gives up does not stop the write.
        const answered = Effect.andThen(Effect.sleep(reply), isLost ? Effect.fail(failure) : Effect.void)
        return Effect.flatMap(next(call), (answer) =>
          Effect.andThen(isLast ? cut : Effect.void, Effect.as(answered, answer))
        )
      })
    )
  )
}

export const run = Effect.fnUntraced(function* (
  seed: number,
  rules: Rules = sound
): Effect.fn.Return<Report, never, Scope.Scope> {
  const random = new Seeded(seed, 1)
  const clock = yield* Clock.Clock
  const between = (min: number, max: number) =>
    min + Math.floor(random.chance(0.5) ? ((max - min) * 2) / 3 : (max - min) / 4)
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
            if ([...believers].some((other) => other.isHeld)) report.twoHolders++
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
    // A process stands still (garbage collection, a suspended machine), often for longer than its lease.
    if (random.chance(0.02)) all[step % 3]!.drift.pausedUntil = monotonicMillis(clock) + between(100, 1500)
    if ([...believers].filter((claim) => claim.isHeld).length > 1) report.twoHolders++
  }
  return report
})
