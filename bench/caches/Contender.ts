import { deepStrictEqual, strictEqual } from "node:assert/strict"
import * as Effect from "effect/Effect"
import { type Candidate, effectful, promised, type Run, type Sample } from "../measure.ts"
import type { Caching } from "../peers/Peer.ts"
import { type JsonObject, key, oneKiB } from "../values.ts"

/** A cache that loads missing values. `A` is the form of its results, and `L` that of a load: promises or effects. */
interface Operations<A, L> {
  readonly ask: (key: string, load: L) => A
  readonly stale?:
    | {
        readonly put: (key: string, value: JsonObject) => Promise<unknown>
        readonly ask: (key: string, load: L) => A
      }
    | undefined
}

/** A cache to measure. */
export interface Contender {
  readonly subject: string
  /** Fills the cache, and checks that hits and stale hits return the value without waiting for a load. */
  readonly prepare: () => Promise<void>
  readonly candidates: ReadonlyArray<Candidate>
  /** Fails unless each miss has loaded its value once, and no hit has loaded. */
  readonly check: () => void
  /** Many callers get one missing key at the same time. */
  readonly stampede: (section: string) => Promise<ReadonlyArray<Sample>>
}

const keyCount = 1000
const stampeding = 1000
const loadMillis = 20

/** How promises and effects differ. */
interface Form<A, L> {
  readonly toRun: (operation: (i: number) => A) => Run
  readonly toPromise: (answer: A) => Promise<unknown>
  readonly load: (value: () => JsonObject, millis: number) => L
}

const make = <A, L>(subject: string, { toRun, toPromise, load }: Form<A, L>, cache: Operations<A, L>): Contender => {
  const counts = { hits: 0, misses: 0, loads: 0 }
  // Adapters of keyv over one server share their keys, whatever their namespaces.
  const own = (name: string) => `${subject}:${name}`
  const keys = Array.from({ length: keyCount }, (_, i) => own(key(i)))
  const stale = keys.map((key) => `stale:${key}`)
  const nothing = load(() => {
    counts.hits++
    return {}
  }, 0)
  const never = load(() => ({}), 2 ** 31 - 1)
  const loaded = (i: number) =>
    load(() => {
      counts.loads++
      return oneKiB(i)
    }, 0)
  const { ask } = cache
  return {
    subject,
    prepare: async () => {
      for (const [i, key] of keys.entries())
        await toPromise(
          ask(
            key,
            load(() => oneKiB(i), 0)
          )
        )
      deepStrictEqual(await toPromise(ask(keys[7]!, nothing)), oneKiB(7), `${subject} does not return what was loaded`)
      if (cache.stale === undefined) return
      for (const [i, key] of stale.entries()) await cache.stale.put(key, oneKiB(i))
      await new Promise((resolve) => setTimeout(resolve, 20))
      for (const [i, key] of stale.entries()) {
        deepStrictEqual(await toPromise(cache.stale.ask(key, never)), oneKiB(i), `${subject} returns no stale values`)
      }
    },
    candidates: [
      { subject, what: "hit", run: toRun((i) => ask(keys[i % keyCount]!, nothing)) },
      { subject, what: "miss", run: toRun(() => ask(own(`miss:${counts.misses}`), loaded(counts.misses++))) },
      ...(cache.stale === undefined
        ? []
        : [{ subject, what: "stale hit", run: toRun((i) => cache.stale!.ask(stale[i % keyCount]!, never)) }])
    ],
    check: () => {
      strictEqual(counts.hits, 0, `${subject} has loaded a value that it had`)
      strictEqual(counts.loads, counts.misses, `${subject} has not loaded each missing value once`)
    },
    stampede: async (section) => {
      let loads = 0
      const slow = load(() => ({ load: ++loads }), loadMillis)
      const start = performance.now()
      const before = process.cpuUsage()
      await toRun(() => ask(own("stampede"), slow))(stampeding, stampeding)
      const { user, system } = process.cpuUsage(before)
      const sample = { section, subject, what: "stampede", callers: stampeding }
      return [
        { ...sample, figure: "loads", unit: "loads", values: [loads] },
        { ...sample, figure: "cpu", unit: "µs", values: [(user + system) / stampeding] },
        { ...sample, figure: "time", unit: "ms", values: [performance.now() - start] }
      ]
    }
  }
}

const pause = (millis: number) =>
  new Promise<void>((resolve) => {
    // A load that never ends must not keep the process alive.
    const timer = setTimeout(resolve, millis)
    if (millis > 1000) timer.unref()
  })

/** A library whose functions return promises. It is closed with the scope. */
export const ofPromises = (open: () => Promise<Caching>) =>
  Effect.map(
    Effect.acquireRelease(Effect.promise(open), (caching) => Effect.promise(() => caching.close())),
    ({ subject, ask, stale }) =>
      make<Promise<unknown>, () => Promise<object>>(
        subject,
        {
          toRun: promised,
          toPromise: (answer) => answer,
          load: (value, millis) => async () => {
            if (millis > 0) await pause(millis)
            return value()
          }
        },
        { ask, stale }
      )
  )

/** A cache whose functions return effects. */
export const ofEffects = <E>(
  subject: string,
  operations: Operations<Effect.Effect<unknown, E>, Effect.Effect<JsonObject>>
): Contender =>
  make<Effect.Effect<unknown, E>, Effect.Effect<JsonObject>>(
    subject,
    {
      toRun: effectful,
      toPromise: (answer) => Effect.runPromise(answer as Effect.Effect<unknown>),
      load: (value, millis) =>
        millis === 0
          ? Effect.sync(value)
          : Effect.andThen(
              Effect.promise(() => pause(millis)),
              Effect.sync(value)
            )
    },
    operations
  )
