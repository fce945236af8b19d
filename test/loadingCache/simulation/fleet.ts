/** Simulates several processes with a cache each over one store, in virtual time. The same seed gives the same run. */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import * as Scheduler from "effect/Scheduler"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { Driver, type KeyValue, KeyValueError, LoadingCache, Memory } from "../../../src/index.ts"
import { Seeded } from "../../../src/testing/simulation/Seeded.ts"
import { SteppingScheduler, Tasks, VirtualClock } from "../../../src/testing/simulation/VirtualTime.ts"

/** What went wrong. */
export type Violation =
  | "invalidated value returned"
  | "value older than ttl and staleFor"
  | "value that no lookup returned"
  | "two lookups of a key at the same time"
  | "get did not end"

type Store = Layer.Layer<KeyValue.KeyValue>

export interface Options {
  readonly seed: number
  /** A mistake in what a process has between its cache and the store. Default: none. */
  readonly mistake?: ((store: Store, process: number) => Store) | undefined
  readonly lease?: boolean | undefined
  readonly rate?: number | undefined
}

const processes = 3
const clients = 2
const keys = ["a1", "a2", "b1"]
const ttl = 400
const staleFor = 600
const end = 6000

/** Runs a fleet, and returns the violations. */
export const run = ({
  rate,
  seed,
  mistake = (store) => store,
  lease = false
}: Options): Effect.Effect<Set<Violation>> =>
  Effect.suspend(() => {
    const tasks = new Tasks()
    const clock = new VirtualClock([], tasks)
    const random = new Seeded(seed, 1)
    const found = new Set<Violation>()
    const source = new Source(clock, random, found, lease)
    const program = Effect.gen(function* () {
      const scope = yield* Scope.make()
      const shared: Store = Layer.succeedContext(yield* Layer.buildWithScope(Memory.layer(), scope))
      for (let process = 0; process < processes; process++) {
        const store = mistake(shared, process).pipe(faults(new Seeded(seed, 10 + process), rate ?? (lease ? 0 : 0.1)))
        const context = yield* Layer.buildWithScope(store, scope)
        const cache = yield* LoadingCache.make({
          collection: "c",
          schema: Schema.String,
          lookup: source.lookup,
          ttl,
          staleFor,
          jitter: 0.2,
          refreshAhead: 50,
          tags: (_, key) => [`first:${key[0]}`],
          storeTimeout: 5000,
          // Also without a lease, so that the type of the layer is the same.
          ...(lease && { lease: 5000 })
        }).pipe(Effect.provide(context as Context.Context<any>), Scope.provide(scope))
        for (let client = 0; client < clients; client++) {
          const own = new Seeded(seed, 100 + 10 * process + client)
          yield* Effect.forkIn(act(source, cache as Cache, own), scope)
        }
      }
      yield* clock.advanceTo(end + 20_000)
      if (source.running > 0) found.add("get did not end")
      yield* Scope.close(scope, Exit.void)
      return found
    }) as Effect.Effect<Set<Violation>>
    return program.pipe(
      Effect.provideService(Clock.Clock, clock),
      Effect.provideService(Random.Random, random),
      Effect.provideService(Scheduler.Scheduler, new SteppingScheduler(tasks, 2048)),
      Effect.provide(Logger.layer([]))
    )
  })

type Cache = Pick<
  LoadingCache.LoadingCache<string>,
  "get" | "getMany" | "invalidate" | "invalidateTags" | "invalidateAll"
>

/** The database, and what the clients know about it. */
class Source {
  readonly versions = new Map(keys.map((key) => [key, 0]))
  /** The lowest version of each key that a `get` may return if it begins now. */
  readonly floors = new Map(keys.map((key) => [key, 0]))
  /** When the last lookup of a version of a key ended. */
  readonly looked = new Map<string, number>()
  readonly lookups = new Map<string, number>()
  running = 0
  readonly clock: VirtualClock
  readonly found: Set<Violation>
  private readonly random: Seeded
  private readonly isLeased: boolean

  constructor(clock: VirtualClock, random: Seeded, found: Set<Violation>, isLeased: boolean) {
    this.clock = clock
    this.random = random
    this.found = found
    this.isLeased = isLeased
  }

  readonly lookup = (key: string): Effect.Effect<string, "down"> =>
    Effect.suspend(() => {
      const running = (this.lookups.get(key) ?? 0) + 1
      this.lookups.set(key, running)
      if (this.isLeased && running > 1) this.found.add("two lookups of a key at the same time")
      // The value is read when the lookup begins, and arrives later.
      const value = `${key}:${this.versions.get(key)}`
      const isDown = this.random.chance(0.15)
      return Effect.ensuring(
        Effect.andThen(
          Effect.sleep(this.random.integer(1, 120)),
          Effect.suspend(() => {
            if (isDown) return Effect.fail("down" as const)
            this.looked.set(value, this.clock.now)
            return Effect.succeed(value)
          })
        ),
        Effect.sync(() => this.lookups.set(key, this.lookups.get(key)! - 1))
      )
    })

  /** Checks a value that a `get` returned. */
  check(value: string, key: string, begun: { readonly at: number; readonly floor: number }): void {
    const lookedAt = this.looked.get(value)
    if (lookedAt === undefined || !value.startsWith(`${key}:`))
      return void this.found.add("value that no lookup returned")
    if (begun.at - lookedAt > ttl + staleFor) this.found.add("value older than ttl and staleFor")
    if (Number(value.slice(key.length + 1)) < begun.floor) this.found.add("invalidated value returned")
  }
}

/** A client that reads keys, and that changes values and then invalidates them. */
const act = Effect.fnUntraced(function* (source: Source, cache: Cache, random: Seeded) {
  const { clock, floors, versions } = source
  const change = (changed: ReadonlyArray<string>, invalidate: Effect.Effect<void, unknown>) =>
    Effect.gen(function* () {
      const now = changed.map((key) => {
        versions.set(key, versions.get(key)! + 1)
        return [key, versions.get(key)!] as const
      })
      if (Result.isFailure(yield* Effect.result(invalidate))) return
      for (const [key, version] of now) floors.set(key, Math.max(floors.get(key)!, version))
    })
  const read = (asked: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const begun = asked.map((key) => ({ at: clock.now, floor: floors.get(key)! }))
      source.running++
      const values = yield* Effect.result(
        asked.length === 1 ? Effect.map(cache.get(asked[0]!), (value) => [value]) : cache.getMany(asked)
      )
      source.running--
      if (Result.isFailure(values)) return
      for (const [i, key] of asked.entries()) source.check(values.success[i]!, key, begun[i]!)
    })
  while (clock.now < end) {
    const key = random.pick(keys)
    const dice = random.integer(0, 19)
    if (dice < 15) yield* read([key])
    else if (dice < 16) yield* read(keys)
    else if (dice < 17) yield* change([key], cache.invalidate(key))
    else if (dice < 19) {
      const changed = keys.filter((other) => other[0] === key[0])
      yield* change(changed, cache.invalidateTags([`first:${key[0]}`]))
    } else yield* change(keys, cache.invalidateAll)
    yield* Effect.sleep(random.integer(0, 80))
  }
})

/**
 * Every call is slow, and writes fail at times, before or after they are applied. Reads do not fail. With leases, writes do
 * not fail either: a lookup runs without a lease that cannot be asked for.
 */
const faults = (random: Seeded, rate: number) =>
  Driver.wrapper(
    Driver.around((call, next) => {
      const pause = () => Effect.sleep(random.integer(0, 20))
      const slow = Effect.andThen(
        pause(),
        Effect.tap(
          Effect.suspend(() => next(call)),
          pause
        )
      )
      if (call._tag === "get" || !random.chance(rate)) return slow
      const failed = Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "x", sent: true }))
      return random.chance(0.5) ? failed : Effect.andThen(slow, failed)
    })
  )
