/**
 * A directory that several processes share: one stops, or dies, before each of its file system calls in turn, while the
 * others work.
 */
import type * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FS from "effect/FileSystem"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { isLinearizable, type Operation } from "../../support/linearizable.ts"
import { inDirectory, namesIn, open, type Store } from "./steps.ts"

type Act = (store: Store) => Effect.Effect<unknown, unknown>

const put: Act = ({ kv }) => kv.put("k", "new")
const putMany: Act = ({ kv }) =>
  kv.putMany([
    ["k", "new"],
    ["l", "new"]
  ])
const remove: Act = ({ kv }) => kv.delete("k")
const removeMany: Act = ({ kv }) => kv.deleteMany(["k", "l"])
const clear: Act = ({ maintenance }) => maintenance.clearCollection()
const removeExpired: Act = ({ maintenance }) => maintenance.removeExpired

const aMoment = Effect.promise(() => new Promise((resume) => setImmediate(resume)))

/** Runs an act that stops before its file system call number `at`, and then before each later call. */
const stopping = Effect.fnUntraced(function* (directory: string, act: Act, at: number) {
  let calls = Number.NEGATIVE_INFINITY
  const waiting: Array<Deferred.Deferred<void>> = []
  const store = yield* open(directory, () =>
    Effect.suspend(() => {
      if (calls++ < at) return Effect.void
      const turn = Deferred.makeUnsafe<void>()
      waiting.push(turn)
      return Deferred.await(turn)
    })
  )
  calls = 0
  const fiber = yield* Effect.forkDetach(Effect.exit(act(store)))
  const hasEnded = Effect.sync(() => fiber.pollUnsafe() !== undefined)
  const stopped = Effect.gen(function* () {
    while (waiting.length === 0 && fiber.pollUnsafe() === undefined) yield* aMoment
  })
  /** Makes the calls that wait, and stops before the next ones. */
  const step = Effect.gen(function* () {
    for (const turn of waiting.splice(0)) yield* Deferred.succeed(turn, undefined)
    yield* stopped
  })
  const finish = Effect.gen(function* () {
    while (!(yield* hasEnded)) yield* step
    return yield* Fiber.join(fiber)
  })
  yield* stopped
  return { hasEnded, step, finish }
})

type Stopped = Effect.Success<ReturnType<typeof stopping>>

/**
 * Runs `test` for each call of the file system at which `act` can stop. In each run, "k" and "l" have expired already.
 * The test gets the store of another process, and functions that let the first process continue.
 */
const atEachCall = <E>(
  act: Act,
  test: (
    other: Store,
    first: Stopped,
    directory: string
  ) => Effect.Effect<void, E, NodeServices.NodeServices | Scope.Scope>
) =>
  Effect.gen(function* () {
    for (let at = 0; ; at++) {
      const hadEnded = yield* inDirectory((directory) =>
        Effect.gen(function* () {
          const other = yield* open(directory)
          yield* other.kv.putMany(
            [
              ["k", "old"],
              ["l", "old"]
            ],
            { ttl: "1 second" }
          )
          yield* TestClock.adjust("1 second")
          const first = yield* stopping(directory, act, at)
          const hadEnded = yield* first.hasEnded
          yield* test(other, first, directory)
          yield* first.finish
          return hadEnded
        })
      )
      if (hadEnded) return at
    }
  })

const acts = { put, putMany, remove, removeMany, clear, removeExpired } as const

describe("an entry that one process has stored", () => {
  it.effect("stays readable while another process runs removeExpired", () =>
    Effect.gen(function* () {
      const calls = yield* atEachCall(removeExpired, (other, first) =>
        Effect.gen(function* () {
          yield* other.kv.put("k", "new")
          yield* other.kv.putMany([
            ["l", "new"],
            ["m", "new"]
          ])
          const check = Effect.gen(function* () {
            assert.deepStrictEqual(yield* other.kv.getMany(["k", "l", "m"]), ["new", "new", "new"])
            assert.sameMembers([...(yield* Stream.runCollect(other.enumeration.keys()))], ["k", "l", "m"])
          })
          yield* check
          while (!(yield* first.hasEnded)) {
            yield* first.step
            yield* check
          }
        })
      )
      assert.isAbove(calls, 10)
    })
  )

  it.effect(
    "stays readable when another process died in removeExpired, before the entry was stored or afterwards",
    () =>
      Effect.forEach([1, 2, 3, 5], (steps) =>
        atEachCall(removeExpired, (other, first) =>
          Effect.gen(function* () {
            yield* other.kv.put("k", "new")
            for (let i = 0; i < steps; i++) yield* first.step
            assert.strictEqual(yield* other.kv.get("k"), "new")
            assert.isTrue(yield* other.kv.delete("k"))
            assert.isUndefined(yield* other.kv.get("k"))
          })
        )
      )
  )

  it.effect("stays readable wherever a put of the same key by another process has stopped", () =>
    atEachCall(
      ({ kv }: Store) => kv.put("k", "other"),
      (other, first) =>
        Effect.gen(function* () {
          yield* other.kv.put("k", "new")
          while (!(yield* first.hasEnded)) {
            assert.include(["new", "other"], yield* other.kv.get("k"))
            yield* first.step
          }
        })
    )
  )

  it.effect("does not come back after it was deleted, wherever another process has stopped in removeExpired", () =>
    atEachCall(removeExpired, (other, { finish }) =>
      Effect.gen(function* () {
        yield* other.kv.put("k", "new")
        assert.isTrue(yield* other.kv.delete("k"))
        yield* other.kv.put("l", "new")
        assert.strictEqual(yield* other.maintenance.clear, 1)
        assert.deepStrictEqual(yield* other.kv.getMany(["k", "l"]), [undefined, undefined])
        yield* finish
        assert.deepStrictEqual(yield* other.kv.getMany(["k", "l"]), [undefined, undefined])
      })
    )
  )

  it.effect("is removed by delete and clear of another process exactly when they report so", () =>
    Effect.forEach([remove, removeMany, clear], (act) =>
      atEachCall(act, (other, { finish }) =>
        Effect.gen(function* () {
          yield* other.kv.put("k", "new")
          const exit = yield* finish
          const removed = (exit as { readonly value: unknown }).value
          const left = yield* other.kv.get("k")
          assert.strictEqual(left, Number(removed) > 0 ? undefined : "new")
        })
      )
    )
  )

  it.effect("is counted once when two processes delete it", () =>
    atEachCall(
      ({ kv }) => Effect.andThen(kv.put("k", "new"), kv.delete("k")),
      (other, { finish }) =>
        Effect.gen(function* () {
          const mine = yield* other.kv.delete("k")
          const exit = yield* finish
          const theirs = (exit as { readonly value: unknown }).value
          assert.strictEqual(Number(mine) + Number(theirs), 1)
          assert.isUndefined(yield* other.kv.get("k"))
        })
    )
  )
})

describe("a process that died", () => {
  for (const [name, act] of Object.entries(acts)) {
    it.effect(`does not block other processes, wherever it died in ${name}`, () =>
      atEachCall(act, (other, _, directory) =>
        Effect.gen(function* () {
          assert.include([undefined, "new"], yield* other.kv.get("k"))
          yield* other.kv.put("k", "newer")
          yield* other.maintenance.removeExpired
          assert.strictEqual(yield* other.kv.get("k"), "newer")
          assert.isTrue(yield* other.kv.delete("k"))
          assert.isUndefined(yield* other.kv.get("k"))
          const fs = yield* FS.FileSystem
          const { mtime } = yield* fs.stat(directory)
          yield* TestClock.setTime(Option.getOrThrow(mtime).getTime() + 2 * 60 * 60 * 1000)
          yield* other.maintenance.removeExpired
          yield* other.maintenance.clear
          const left = (yield* namesIn(directory)).filter((name) => /entry|tmp|json$/.test(name))
          assert.deepStrictEqual(left, [])
          assert.isUndefined(yield* other.kv.get("k"))
          yield* TestClock.setTime(0)
        })
      )
    )
  }
})

describe("a file that a dead process had claimed", () => {
  /** The claim of a process that died before or after it had put the file back. */
  const claimed = Effect.fnUntraced(function* (directory: string, file: string) {
    const fs = yield* FS.FileSystem
    const claim = `${directory}/default_collection/.reclaim/${crypto.randomUUID()}-k.json/shut`
    yield* fs.makeDirectory(claim, { recursive: true })
    yield* fs.link(`${directory}/default_collection/${file}`, `${claim}/entry`)
  })

  for (const [name, act] of [
    ["delete", remove],
    ["clear", clear]
  ] as const) {
    it.effect(`does not come back after ${name}`, () =>
      inDirectory((directory) =>
        Effect.gen(function* () {
          const store = yield* open(directory)
          yield* store.kv.put("k", "new")
          yield* claimed(directory, "k.json")
          yield* act(store)
          yield* store.kv.put("other", 1)
          const fs = yield* FS.FileSystem
          const { mtime } = yield* fs.stat(directory)
          yield* TestClock.setTime(Option.getOrThrow(mtime).getTime() + 60 * 60 * 1000)
          yield* store.maintenance.removeExpired
          assert.isUndefined(yield* store.kv.get("k"))
        })
      )
    )
  }

  it.effect("comes back after a minute when it has not expired and nothing newer is there", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { kv, maintenance } = yield* open(directory)
        const fs = yield* FS.FileSystem
        yield* kv.put("k", "written by hand")
        yield* claimed(directory, "k.json")
        yield* fs.remove(`${directory}/default_collection/k.json`)
        const { mtime } = yield* fs.stat(directory)
        yield* TestClock.setTime(Option.getOrThrow(mtime).getTime() + 50 * 1000)
        yield* maintenance.removeExpired
        assert.isUndefined(yield* kv.get("k"))
        yield* TestClock.adjust("20 seconds")
        yield* maintenance.removeExpired
        assert.strictEqual(yield* kv.get("k"), "written by hand")
      })
    )
  )

  it.effect("does not replace a newer file, even while a third process claims that file", () =>
    atEachCall(removeExpired, (_, first, directory) =>
      Effect.gen(function* () {
        const setup = yield* open(directory)
        yield* setup.kv.put("older", "older")
        yield* claimed(directory, "older.json")
        let steps = 0
        const second = yield* open(directory, (name) =>
          name === "readDirectory" && steps++ < 4 ? first.step : Effect.void
        )
        yield* second.kv.put("k", "new")
        assert.strictEqual(yield* second.kv.get("k"), "new")
        yield* first.finish
        assert.strictEqual(yield* second.kv.get("k"), "new")
      })
    )
  )
})

/** Numbers that look random, the same for each seed. */
const dice = (seed: number) => {
  let state = seed + 1
  return (sides: number) => {
    state = (Math.imul(state, 48271) >>> 0) % 2147483647
    return state % sides
  }
}

describe("four processes whose file system calls interleave in any order", () => {
  it.effect(
    "see reads, writes, expiry and deletes of one entry in a linearizable order",
    () =>
      Effect.forEach(
        Array.from({ length: 60 }, (_, seed) => seed),
        (seed) =>
          inDirectory((directory) =>
            Effect.gen(function* () {
              const roll = dice(seed)
              const waiting: Array<Deferred.Deferred<void>> = []
              const gate = () =>
                Effect.flatMap(Deferred.make<void>(), (turn) => {
                  waiting.push(turn)
                  return Deferred.await(turn)
                })
              const setup = yield* open(directory)
              yield* setup.kv.put("k", "old", { ttl: 1 })
              yield* TestClock.adjust(1)
              const operations: Array<Operation> = []
              let time = 0
              const observed = <A>(
                what: (result: A) => Partial<Operation> | undefined,
                effect: Effect.Effect<A, unknown>
              ) =>
                Effect.suspend(() => {
                  const start = time++
                  return Effect.map(effect, (result) => {
                    const operation = what(result)
                    const end = time++
                    if (operation) operations.push({ do: "read", value: undefined, start, end, ...operation })
                  })
                })
              let values = 0
              const act = (store: Store) => {
                const value = `v${values++}`
                switch (roll(6)) {
                  case 0:
                  case 1:
                    return observed(() => ({ do: "write", value }), store.kv.put("k", value))
                  case 2:
                    return observed(
                      (removed) => (removed ? { do: "write", value: undefined } : {}),
                      store.kv.delete("k")
                    )
                  case 3:
                    return observed((found) => ({ value: found }), store.kv.get("k"))
                  default:
                    return observed(() => undefined, store.maintenance.removeExpired)
                }
              }
              let isMixed = false
              const processes = yield* Effect.replicateEffect(
                open(directory, () => (isMixed ? gate() : Effect.void)),
                4
              )
              isMixed = true
              const fibers = yield* Effect.forEach(processes, (store) =>
                Effect.forkChild(Effect.forEach([0, 1, 2], () => Effect.suspend(() => act(store)), { discard: true }))
              )
              const isRunning = () => fibers.some((fiber) => fiber.pollUnsafe() === undefined)
              while (isRunning()) {
                // Every process waits before a call or has ended when no call has arrived for a moment.
                yield* aMoment
                if (waiting.length === 0) continue
                const [turn] = waiting.splice(roll(waiting.length), 1)
                yield* Deferred.succeed(turn!, undefined)
              }
              yield* Fiber.joinAll(fibers)
              yield* observed((found) => ({ value: found }), setup.kv.get("k"))
              // While a put has not ended, its entry may be missing for a moment.
              const puts = operations.filter(({ do: it, value }) => it === "write" && value !== undefined)
              const judged = operations.filter(
                (it) =>
                  it.do === "write" ||
                  it.value !== undefined ||
                  !puts.some((put) => put.start < it.end && put.end > it.start)
              )
              assert.isTrue(isLinearizable(judged), `seed ${seed}: ${JSON.stringify(judged, undefined, 1)}`)
            })
          ),
        { discard: true }
      ),
    120_000
  )
})
