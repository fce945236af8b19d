/**
 * Tests functions of the user that throw or return something else than they should: in which call that shows, and
 * how.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import {
  Atomic,
  Driver,
  Enumeration,
  KeyValue,
  Logging,
  Maintenance,
  Memory,
  Routing,
  Statistics,
  Tracing,
  type Value
} from "../src/index.ts"
import { recorder } from "./support/spans.ts"

type Services = KeyValue.KeyValue | Atomic.Atomic | Enumeration.Enumeration | Maintenance.Maintenance

class Thrown extends Error {}

/** Whether the callback throws. */
interface Switch {
  on: boolean
}

const unless = <A>({ on }: Switch, value: A): A => {
  if (on) throw new Thrown("of the user's")
  return value
}

/** Every operation, as a function, because some call the callback when the effect is made. */
const operations = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const atomic = yield* Atomic.Atomic
  const { keys, collections } = yield* Enumeration.Enumeration
  const maintenance = yield* Maintenance.Maintenance
  const at = { collection: "c" }
  return {
    get: () => kv.get("k", at),
    getMany: () => kv.getMany(["k", "l"], at),
    ttl: () => kv.ttl("k", at),
    put: () => kv.put("k", 1, at),
    putMany: () =>
      kv.putMany(
        [
          ["k", 1],
          ["l", 1]
        ],
        at
      ),
    delete: () => kv.delete("k", at),
    deleteMany: () => kv.deleteMany(["k", "l"], at),
    putIfAbsent: () => atomic.putIfAbsent("k", 1, at),
    update: () => atomic.update("k", () => 1, at),
    getAndDelete: () => atomic.getAndDelete("k", at),
    deleteIf: () => atomic.deleteIf("k", () => true, at),
    increment: () => atomic.increment("k", 1, at),
    keys: () => Stream.runCollect(keys(at)),
    collections: () => Stream.runCollect(collections()),
    clearCollection: () => maintenance.clearCollection(at),
    clear: () => maintenance.clear,
    removeExpired: () => maintenance.removeExpired
  } as Readonly<Record<string, () => Effect.Effect<unknown, unknown>>>
})

const keyed: ReadonlyArray<string> = [
  "get",
  "getMany",
  "ttl",
  "put",
  "putMany",
  "delete",
  "deleteMany",
  "putIfAbsent",
  "update",
  "getAndDelete",
  "deleteIf",
  "increment"
]

interface Callback {
  readonly layer: (it: Switch) => Layer.Layer<Services, unknown>
  /** The operations that run the callback. */
  readonly of: ReadonlyArray<string>
}

const rename = (it: Switch): Driver.NameCodec => ({
  encode: (name) => unless(it, `_${name}`),
  decode: (name) => unless(it, name.slice(1))
})

const callbacks: Readonly<Record<string, Callback>> = {
  "route of Routing": {
    layer: (it) => Memory.layer().pipe(Routing.wrap({ stores: { a: Memory.layer() }, route: () => unless(it, "a") })),
    of: [...keyed, "keys", "collections", "clearCollection", "clear", "removeExpired"]
  },
  "the combination of combine": {
    layer: (it) =>
      Memory.layer().pipe(
        Driver.wrapper((driver) => Driver.combine([driver], (call, nexts) => unless(it, nexts[0]!)(call)))
      ),
    of: [...keyed, "keys", "collections", "clearCollection", "clear", "removeExpired"]
  },
  "encode of mapEntries": {
    layer: (it) =>
      Memory.layer().pipe(Driver.wrapper(Driver.mapEntries({ encode: (entry) => Effect.succeed(unless(it, entry)) }))),
    of: ["put", "putMany", "putIfAbsent", "update", "increment"]
  },
  "decode of mapEntries": {
    layer: (it) =>
      Memory.layer().pipe(Driver.wrapper(Driver.mapEntries({ decode: (entry) => Effect.succeed(unless(it, entry)) }))),
    of: ["get", "getMany", "ttl", "update", "getAndDelete", "deleteIf", "increment"]
  },
  "encode and decode of mapNames": {
    layer: (it) => Memory.layer().pipe(Driver.wrapper(Driver.mapNames({ collection: rename(it), key: rename(it) }))),
    of: [...keyed, "keys", "collections", "clearCollection", "clear", "removeExpired"]
  }
}

/** Stores an entry for the operations to find. */
const fill = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("k", 1, { collection: "c" })
  yield* Effect.flatMap(Maintenance.Maintenance, (it) => it.removeExpired)
})

describe("a callback that throws", () => {
  for (const [name, { layer, of }] of Object.entries(callbacks)) {
    for (const operation of of) {
      it.effect(`makes ${operation} die, in ${name}`, () => {
        const it: Switch = { on: false }
        return Effect.gen(function* () {
          yield* fill
          if (operation === "removeExpired") {
            yield* KeyValue.KeyValue.use((kv) => kv.put("x", 1, { collection: "c", ttl: "1 millis" }))
            yield* TestClock.adjust("1 second")
          }
          const run = (yield* operations)[operation]!
          it.on = true
          const exit = yield* Effect.exit(run())
          it.on = false
          assert.isTrue(Exit.isFailure(exit), "it was swallowed")
          if (Exit.isFailure(exit)) assert.instanceOf(Cause.squash(exit.cause), Thrown)
          yield* run()
        }).pipe(Effect.provide(layer(it)))
      })
    }
  }

  it.effect("makes update of Atomic die, and changes nothing", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const atomic = yield* Atomic.Atomic
      yield* kv.put("k", 1)
      const failing = atomic.update("k", () => {
        throw new Thrown()
      })
      const exit = yield* Effect.exit(failing)
      assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof Thrown)
      assert.strictEqual(yield* kv.get("k"), 1)
      assert.strictEqual(yield* atomic.update("k", (value) => Number(value) + 1), 2)
    }).pipe(Effect.provide(Memory.layer()))
  )
})

describe("a callback that returns a wrong value", () => {
  it.effect("makes the call die when route of Routing returns an unknown name", () =>
    Effect.gen(function* () {
      for (const answer of ["none", null, 1, {}, "toString", "__proto__"]) {
        const layer = Memory.layer().pipe(
          Routing.wrap({ stores: { a: Memory.layer() }, route: () => answer as unknown as "a" })
        )
        const exit = yield* Effect.exit(
          Effect.provide(
            KeyValue.KeyValue.use((kv) => kv.put("k", 1)),
            layer
          )
        )
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause), String(answer))
      }
    })
  )

  it.effect("makes update of Atomic fail with SerializationError when the new value cannot be stored", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const atomic = yield* Atomic.Atomic
      yield* kv.put("k", 1)
      for (const garbage of [Promise.resolve(1), Symbol("x"), () => 1, Number.NaN, new Date(0), Effect.succeed(1)]) {
        const error = yield* Effect.flip(atomic.update("k", () => garbage as unknown as Value.Value))
        assert.strictEqual(error._tag, "SerializationError")
      }
      assert.strictEqual(yield* kv.get("k"), 1)
    }).pipe(Effect.provide(Memory.layer()))
  )
})

describe("a callback of Statistics, Tracing or Logging that throws or returns a wrong value", () => {
  const throwing = () => {
    throw new Thrown()
  }
  const garbage: ReadonlyArray<unknown> = [1, {}, null, Symbol("x"), Promise.resolve("x"), 1n]

  it.effect("does not fail the operation in Statistics, which uses the label _OTHER", () =>
    Effect.gen(function* () {
      for (const collectionLabel of [throwing, ...garbage.map((value) => () => value as string)]) {
        const layer = Memory.layer().pipe(Statistics.wrap({ collectionLabel }))
        const { collections } = yield* Effect.provide(
          Effect.andThen(
            KeyValue.KeyValue.use((kv) => kv.put("k", 1)),
            Effect.flatMap(Statistics.Statistics, (it) => it.snapshot)
          ),
          layer
        )
        assert.deepStrictEqual([...collections.keys()], ["_OTHER"])
      }
    })
  )

  it.effect("does not fail the operation in Tracing, which uses the label _OTHER", () =>
    Effect.gen(function* () {
      for (const collectionLabel of [throwing, ...garbage.map((value) => () => value as string)]) {
        const { spans, tracer } = recorder()
        const got = yield* KeyValue.KeyValue.use((kv) => Effect.andThen(kv.put("k", 1), kv.get("k"))).pipe(
          Effect.provide(Memory.layer().pipe(Tracing.wrap({ collectionLabel }))),
          Effect.withTracer(tracer)
        )
        assert.strictEqual(got, 1)
        assert.deepStrictEqual(
          spans.map((span) => [span.name, span.attributes.get("db.collection.name")]),
          [
            ["put _OTHER", "_OTHER"],
            ["get _OTHER", "_OTHER"]
          ]
        )
      }
    })
  )

  it.effect("does not fail the operation in Logging, which still writes a line", () =>
    Effect.gen(function* () {
      for (const logValues of [throwing, ...garbage.map((value) => () => value)]) {
        const lines: Array<unknown> = []
        const logger = Logger.make(({ message }) => {
          lines.push(message)
        })
        const got = yield* KeyValue.KeyValue.use((kv) => Effect.andThen(kv.put("k", 1), kv.get("k"))).pipe(
          Effect.provide(Layer.merge(Memory.layer().pipe(Logging.wrap({ logValues })), Logger.layer([logger])))
        )
        assert.strictEqual(got, 1)
        assert.strictEqual(lines.length, 2)
      }
    })
  )
})
