/** Calls of Redis that are pending while the layer closes, or come later. */
import { assert, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as boundary from "../../../src/driver/boundary.ts"
import * as Calls from "../../../src/driver/Calls.ts"
import type { Driver } from "../../../src/driver/Driver.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import type { StoreUnavailableError } from "../../../src/KeyValueError.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { command, describeWithCluster, describeWithOwnRedis } from "../../servers/redis.ts"
import { connect, uniquePrefix } from "./support.ts"

/** The driver of a new layer, and an effect that closes the layer. */
const open = Effect.fnUntraced(function* (options: Redis.Options) {
  const scope = Scope.makeUnsafe()
  const context = yield* Layer.buildWithScope(Redis.layer({ ...options, prefix: uniquePrefix() }), scope)
  return { driver: Context.get(context, KeyValue.KeyValue).driver, close: Scope.close(scope, Exit.void) }
})

const at = (operation: "get" | "put" | "keys", keys: ReadonlyArray<string>) =>
  ({ operation, collection: "c", keys }) as const

const get = (driver: Driver, ...keys: ReadonlyArray<string>) => driver.get(Calls.get(at("get", keys)))

const put = (driver: Driver) =>
  Effect.flatMap(
    boundary.encode(driver, { operation: "put", collection: "c", keys: ["a"] }, [1], undefined),
    (entries) => driver.put(Calls.put(at("put", ["a"]), entries))
  )

/** One of each kind of call. */
const operations: Record<string, (driver: Driver) => Effect.Effect<unknown, unknown>> = {
  get: (driver) => get(driver, "a"),
  getMany: (driver) => get(driver, "a", "b"),
  put,
  delete: (driver) => driver.delete(Calls.remove(at("put", ["a"]))),
  compareAndPut: (driver) =>
    driver.atomic!.compareAndPut(Calls.compareAndPut(at("put", ["a"]), { entry: undefined, expected: undefined })),
  keys: (driver) => driver.listing!.keys(Calls.keys(at("keys", []), { pageSize: 10 })),
  collections: (driver) => driver.listing!.collections(Calls.collections(at("keys", []), { pageSize: 10 })),
  clear: (driver) => driver.maintenance!.clear(Calls.clear(at("put", []), { collection: { prefix: "" } }))
}

/** Asserts that all operations fail within so many milliseconds because the layer is closed. */
const allEnd = Effect.fnUntraced(function* (fibers: ReadonlyArray<Fiber.Fiber<unknown, unknown>>, millis: number) {
  const errors = yield* Effect.forEach(fibers, (fiber) => Effect.flip(Fiber.join(fiber))).pipe(Effect.timeout(millis))
  for (const error of errors) {
    assert.propertyVal(error, "_tag", "StoreUnavailableError")
    assert.include((error as StoreUnavailableError).reason, "the layer is closed")
  }
  return errors as ReadonlyArray<StoreUnavailableError>
})

const start = (driver: Driver) =>
  Effect.forEach(Object.values(operations), (run) => Effect.forkChild(run(driver), { startImmediately: true }))

const connections = (port: number, name: string) =>
  Effect.map(
    command(port, "client", "list"),
    (list) =>
      String(list)
        .split("\n")
        .filter((line) => line.includes(name)).length
  )

describeWithOwnRedis("a closed Redis store", (server) => {
  const name = "closing-test"
  for (const coalesceReads of [false, true]) {
    const how = coalesceReads ? ", with coalesced reads" : ""
    it.live(`fails pending and later calls at once, and leaves no connection${how}`, () =>
      Effect.gen(function* () {
        const { driver, close } = yield* open({ url: server().url, options: { connectionName: name }, coalesceReads })
        yield* put(driver)
        yield* command(server().port, "client", "pause", "5000", "WRITE")
        const writing = yield* Effect.forkChild(put(driver), { startImmediately: true })
        const reads = yield* Effect.replicateEffect(
          Effect.forkChild(Effect.exit(get(driver, "a")), { startImmediately: true }),
          3
        )
        const began = performance.now()
        yield* close
        assert.isBelow(performance.now() - began, 2000)
        const [lost] = yield* allEnd([writing], 2000)
        assert.strictEqual(lost?.outcome, "unknown")
        for (const fiber of reads) yield* Fiber.join(fiber).pipe(Effect.timeout("2 seconds"))
        const later = yield* allEnd(yield* start(driver), 2000)
        assert.strictEqual(later[2]?.outcome, "not-applied")
        assert.strictEqual(yield* connections(server().port, name), 0)
        yield* command(server().port, "client", "unpause")
      })
    )
  }

  it.live("fails pending and later calls over a given client, which stays usable", () =>
    Effect.gen(function* () {
      const client = yield* connect(server().url)
      yield* Effect.promise(() => client.ping())
      const { driver, close } = yield* open({ client })
      yield* command(server().port, "client", "pause", "1000", "ALL")
      const fibers = yield* start(driver)
      yield* close
      yield* allEnd(fibers, 700)
      yield* allEnd(yield* start(driver), 700)
      assert.strictEqual(yield* Effect.promise(() => client.ping()), "PONG")
    })
  )

  it.live("does not connect when it has not connected before", () =>
    Effect.gen(function* () {
      const lazy = { url: server().url, options: { connectionName: name }, lazyConnect: true }
      const { driver, close } = yield* open(lazy)
      yield* close
      yield* allEnd(yield* start(driver), 700)
      assert.strictEqual(yield* connections(server().port, name), 0)
    })
  )

  it.live("fails calls that wait for the first connection", () =>
    Effect.gen(function* () {
      const { driver, close } = yield* open({ url: server().url, lazyConnect: true, connectTimeout: "1 minute" })
      yield* command(server().port, "client", "pause", "1500", "ALL")
      const fibers = yield* start(driver)
      yield* Effect.sleep("20 millis")
      yield* close
      yield* allEnd(fibers, 700)
    })
  )
})

describeWithCluster("a closed Redis Cluster store", (nodes) => {
  it.live("fails pending and later calls at once, and leaves no connection", () =>
    Effect.gen(function* () {
      const name = "closing-test"
      const ports = nodes().map(({ port }) => port)
      for (let round = 0; round < 5; round++) {
        const { driver, close } = yield* open({
          cluster: {
            nodes: ports.map((port) => ({ host: "127.0.0.1", port })),
            options: { redisOptions: { connectionName: name }, slotsRefreshInterval: 5 }
          }
        })
        for (const port of ports) yield* command(port, "client", "pause", "5000", "WRITE")
        const writing = yield* Effect.forkChild(put(driver), { startImmediately: true })
        yield* Effect.sleep(`${3 * round} millis`)
        const began = performance.now()
        yield* close
        assert.isBelow(performance.now() - began, 2000)
        yield* allEnd([writing], 2000)
        yield* allEnd(yield* start(driver), 2000)
        for (const port of ports) {
          assert.strictEqual(yield* connections(port, name), 0)
          yield* command(port, "client", "unpause")
        }
        for (const port of ports) yield* command(port, "client", "unpause")
      }
    })
  )
})
