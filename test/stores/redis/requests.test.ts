/** Pending requests of Redis: many fibers at once, interruptions at any step, and lost connections. */
import { setImmediate as nextTurn } from "node:timers/promises"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import type { Redis as Client } from "ioredis"
import * as Atomic from "../../../src/Atomic.ts"
import * as boundary from "../../../src/driver/boundary.ts"
import type { CallBase, Limit } from "../../../src/driver/Call.ts"
import * as Calls from "../../../src/driver/Calls.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { Coalescer } from "../../../src/stores/redis/Coalescer.ts"
import { send } from "../../../src/stores/redis/commands.ts"
import { existingConnection } from "../../../src/stores/redis/connection.ts"
import { driver } from "../../../src/stores/redis/driver.ts"
import { make as makeNames } from "../../../src/stores/redis/names.ts"

const replies: Record<string, unknown> = {
  getBuffer: null,
  mgetBuffer: [null, null],
  pttlBuffer: -2,
  setBuffer: "OK",
  msetBuffer: "OK",
  existsBuffer: 1,
  evalshaBuffer: [0, []],
  infoBuffer: Buffer.from("run_id:a"),
  scan: ["0", ["c::a"]]
}

/** A client whose server replies in the next turn of the event loop, or when the gate opens. */
const answering = (gate: () => Promise<unknown> = () => nextTurn()) => {
  const methods = Object.entries(replies).map(([name, reply]) => [
    name,
    (first: unknown) =>
      gate().then(() => (name === "mgetBuffer" ? (first as ReadonlyArray<string>).map(() => null) : reply))
  ])
  return {
    isCluster: false,
    status: "ready",
    options: {},
    on: () => {},
    off: () => {},
    ...Object.fromEntries(methods)
  } as unknown as Client
}

/** A limit that never ends, and counts how many calls began and ended to wait. */
const counting = () => {
  const counts = { begun: 0, ended: 0 }
  const limit = (): Limit => ({
    start: () => {
      counts.begun++
      return () => counts.ended++
    }
  })
  return { counts, limit }
}

const place = { operation: "get", collection: "c", keys: ["a"] } as const

const callWith = (limit: Limit): CallBase => ({ place, deadline: undefined, limit })

/** Fibers that wait in one turn, of which some are interrupted. */
const waitInOneTurn = (waiters: number, who: string, isInterrupted: (index: number) => boolean, coalesces = true) =>
  it.live(`receive it${coalesces ? " of coalesced reads" : ""}, and ask again, when ${who} interrupted`, () =>
    Effect.gen(function* () {
      let open: () => void = () => {}
      const gate = new Promise<void>((resolve) => {
        open = resolve
      })
      const connection = yield* existingConnection(answering(() => gate))
      const { counts, limit } = counting()
      const coalescer = new Coalescer(connection)
      const get = (name: string) =>
        coalesces
          ? coalescer.get(callWith(limit()), name, Exit.succeed)
          : send(connection, callWith(limit()), ["getBuffer", name], Exit.succeed)
      const asking = (index: number) => Effect.andThen(get(`a${index}`), get(`b${index}`))
      const fork = Effect.runForkWith(yield* Effect.context<never>())
      const fibers = Array.from({ length: waiters }, (_, index) => fork(asking(index)))
      yield* Effect.promise(() => nextTurn())
      assert.strictEqual(connection.requests.waiting.size, waiters)
      for (const [index, fiber] of fibers.entries()) if (isInterrupted(index)) fiber.interruptUnsafe()
      open()
      for (const [index, fiber] of fibers.entries()) {
        const exit = yield* Fiber.await(fiber)
        assert.strictEqual(Exit.isSuccess(exit), !isInterrupted(index))
      }
      assert.isNull(yield* get("later"))
      assert.strictEqual(connection.requests.waiting.size, 0)
      assert.strictEqual(counts.ended, counts.begun)
    }).pipe(Effect.scoped)
  )

describe("20,000 fibers that wait for a reply in one turn", () => {
  waitInOneTurn(20_000, "none is", () => false)
  waitInOneTurn(20_000, "the first is", (index) => index === 0)
  waitInOneTurn(20_000, "all are", () => true)
})

describe("100,000 fibers that wait for a reply in one turn", () => {
  waitInOneTurn(100_000, "every second is", (index) => index % 2 === 0)
  waitInOneTurn(100_000, "every second is", (index) => index % 2 === 0, false)

  it.live("fail at once when the layer is closed", () =>
    Effect.gen(function* () {
      const scoped = Effect.gen(function* () {
        const connection = yield* existingConnection(answering(() => new Promise(() => {})))
        const get = send(connection, callWith(counting().limit()), ["getBuffer", "a"], Exit.succeed)
        const fork = Effect.runForkWith(yield* Effect.context<never>())
        return Array.from({ length: 100_000 }, () => fork(get))
      })
      for (const fiber of yield* Effect.scoped(scoped)) {
        const error = yield* Effect.flip(Fiber.join(fiber))
        assert.strictEqual(error.message.includes("the layer is closed"), true)
      }
    })
  )
})

const at = (operation: "get" | "put" | "keys" | "clear", keys: ReadonlyArray<string>) =>
  ({ operation, collection: "c", keys }) as const

type Store = ReturnType<typeof driver>

const entries = (store: Store, count: number) =>
  boundary.encode(store, { ...place, keys: [] }, Array(count).fill(1), "1 minute")

const operations: Record<string, (store: Store, limit: Limit) => Effect.Effect<unknown, unknown>> = {
  get: (store, limit) => store.get({ ...Calls.get(at("get", ["a"])), limit }),
  getMany: (store, limit) => store.get({ ...Calls.get(at("get", ["a", "b"])), limit }),
  ttl: (store, limit) => store.get({ ...Calls.get(at("get", ["a"]), { expiry: true, versioned: true }), limit }),
  put: (store, limit) =>
    Effect.flatMap(entries(store, 1), (entries) => store.put({ ...Calls.put(at("put", ["a"]), entries), limit })),
  putMany: (store, limit) =>
    Effect.flatMap(entries(store, 2), (entries) => store.put({ ...Calls.put(at("put", ["a", "b"]), entries), limit })),
  delete: (store, limit) => store.delete({ ...Calls.remove(at("put", ["a", "b"])), limit }),
  compareAndPut: (store, limit) =>
    store.atomic.compareAndPut({
      ...Calls.compareAndPut(at("put", ["a"]), { entry: undefined, expected: undefined }),
      limit
    }),
  keys: (store, limit) => store.listing.keys({ ...Calls.keys(at("keys", []), { pageSize: 10 }), limit }),
  collections: (store, limit) =>
    store.listing.collections({ ...Calls.collections(at("keys", []), { pageSize: 10 }), limit }),
  clear: (store, limit) => store.maintenance.clear({ ...Calls.clear(at("clear", [])), limit })
}

const steps = Array.from({ length: 60 }, (_, i) => i + 5)

describe("an operation that is interrupted after any step", () => {
  for (const [name, operation] of Object.entries(operations)) {
    for (const coalesceReads of name === "get" ? [false, true] : [false]) {
      it.live(`leaves no pending request of ${name}${coalesceReads ? ", coalesced" : ""}`, () =>
        Effect.gen(function* () {
          const connection = yield* existingConnection(answering())
          const form = { names: makeNames("", "escaped"), format: "compact", exactIntegers: false } as const
          const store = driver(connection, { ...form, defaultCollection: "c", coalesceReads })
          const { counts, limit } = counting()
          for (const count of steps) {
            const interrupted = Effect.gen(function* () {
              const fiber = yield* Effect.forkChild(operation(store, limit()))
              yield* Effect.forkChild(operation(store, limit()))
              // A fiber yields after `count` steps, so that it is interrupted between two steps.
              yield* Effect.replicateEffect(Effect.yieldNow, count % 7, { discard: true })
              yield* Fiber.interrupt(fiber)
            })
            yield* Effect.provideService(interrupted, Scheduler.MaxOpsBeforeYield, count)
            yield* Effect.promise(() => nextTurn())
            yield* Effect.promise(() => nextTurn())
            yield* Effect.ignore(operation(store, limit()))
          }
          for (let turn = 0; turn < 10; turn++) yield* Effect.promise(() => nextTurn())
          assert.strictEqual(connection.requests.waiting.size, 0)
          assert.strictEqual(counts.ended, counts.begun)
          assert.isAtLeast(counts.begun, steps.length)
        }).pipe(Effect.scoped)
      )
    }
  }

  it.live("leaves no pending request when the client throws", () =>
    Effect.gen(function* () {
      const client = answering()
      const thrown = new Error("a bug")
      Object.assign(client, {
        getBuffer: () => {
          throw thrown
        },
        mgetBuffer: () => {
          throw thrown
        }
      })
      const connection = yield* existingConnection(client)
      const { counts, limit } = counting()
      const exit = yield* Effect.exit(send(connection, callWith(limit()), ["getBuffer", "a"], Exit.succeed))
      assert.deepStrictEqual(exit, Exit.die(thrown))
      const coalescer = new Coalescer(connection)
      const reads = Array.from({ length: 600 }, (_, i) => coalescer.get(callWith(limit()), `${i}`, Exit.succeed))
      for (const error of yield* Effect.forEach(reads, Effect.flip, { concurrency: "unbounded" })) {
        assert.strictEqual(error._tag, "StoreUnavailableError")
      }
      assert.strictEqual(connection.requests.waiting.size, 0)
      assert.strictEqual(counts.ended, counts.begun)
    }).pipe(Effect.scoped)
  )
})

describe("an operation of Atomic whose connection is lost", () => {
  const losing = (method: string): Client =>
    Object.assign(answering(), {
      [method]: () => Promise.reject(Object.assign(new Error("read ECONNRESET"), { syscall: "read" }))
    })
  const outcomeOf = (
    client: Client,
    run: (atomic: Atomic.Service) => Effect.Effect<unknown, { readonly outcome?: unknown }>
  ) =>
    Effect.flatMap(Atomic.Atomic, (atomic) => Effect.flip(run(atomic))).pipe(
      Effect.map(({ outcome }) => outcome),
      Effect.provide(Redis.layer({ client }))
    )
  const update = (atomic: Atomic.Service) => atomic.update("a", () => 1)

  it.effect("has outcome not-applied when its read was lost, and unknown when its write was", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* outcomeOf(losing("getBuffer"), update), "not-applied")
      assert.strictEqual(yield* outcomeOf(losing("pttlBuffer"), (atomic) => atomic.getAndDelete("a")), "not-applied")
      assert.strictEqual(yield* outcomeOf(losing("setBuffer"), update), "unknown")
    })
  )

  it.effect("has outcome not-applied when the key exists and the read of its value was lost", () =>
    Effect.gen(function* () {
      const client = Object.assign(losing("getBuffer"), { setBuffer: () => Promise.resolve(null) })
      assert.strictEqual(yield* outcomeOf(client, (atomic) => atomic.putIfAbsent("a", 1)), "not-applied")
    })
  )
})
