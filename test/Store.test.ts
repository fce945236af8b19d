/** Tests named stores: they never share entries, however their layers are built. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Atomic from "../src/Atomic.ts"
import * as Collection from "../src/Collection.ts"
import * as Driver from "../src/Driver.ts"
import * as Enumeration from "../src/Enumeration.ts"
import * as KeyValue from "../src/KeyValue.ts"
import * as Rotation from "../src/Rotation.ts"
import * as Store from "../src/Store.ts"
import * as EffectStore from "../src/stores/EffectStore.ts"
import * as Memory from "../src/stores/Memory.ts"
import * as PrefixCollections from "../src/wrappers/PrefixCollections.ts"
import * as PrefixKeys from "../src/wrappers/PrefixKeys.ts"
import * as Timeout from "../src/wrappers/Timeout.ts"

class Sessions extends Store.Service<Sessions>()("app/Sessions", {
  capabilities: [Atomic.Atomic, Enumeration.Enumeration]
}) {}
class Users extends Store.Service<Users>()("app/Users") {}

const reasonOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => (error as { readonly reason?: string }).reason ?? "")

const building = <A, E>(layer: Layer.Layer<A, E>) => Effect.scoped(Layer.build(layer))

/** A layer that counts how often it is built and closed. */
const counted = () => {
  const counts = { built: 0, closed: 0 }
  const layer = Driver.layer(
    Effect.gen(function* () {
      counts.built++
      yield* Effect.addFinalizer(() => Effect.sync(() => counts.closed++))
      return yield* Memory.make({})
    })
  )
  return { counts, layer }
}

describe("Store", () => {
  it.effect("gives each named store its own entries", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions
      const users = yield* Users
      yield* sessions.put("a", "session")
      yield* users.put("a", "user")
      assert.strictEqual(yield* sessions.get("a"), "session")
      assert.strictEqual(yield* users.get("a"), "user")
    }).pipe(Effect.provide(Layer.mergeAll(Sessions.layer(Memory.layer()), Users.layer(Memory.layer()))))
  )

  it.effect("has the members of KeyValue and of the capabilities", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions
      assert.isTrue(yield* sessions.putIfAbsent("a", 1))
      assert.strictEqual(yield* sessions.update("a", () => 2), 2)
      assert.deepStrictEqual(yield* Stream.runCollect(sessions.keys()), ["a"])
      assert.isTrue(yield* sessions.touch("a"))
    }).pipe(Effect.provide(Sessions.layer(Memory.layer())))
  )

  it.effect("provides the standard services of one named store", () =>
    Effect.gen(function* () {
      const Names = yield* Collection.make({ collection: "names", schema: Schema.Date })
      yield* Names.put("a", new Date(0))
      yield* Stream.runDrain(Rotation.rotate())
      const sessions = yield* Sessions
      assert.isTrue(yield* sessions.has("a", { collection: "names" }))
      assert.isFalse(yield* (yield* Users).has("a", { collection: "names" }))
      assert.strictEqual((yield* KeyValue.KeyValue).driver, (yield* Atomic.Atomic).driver)
    }).pipe(
      Effect.provide(
        Sessions.services.pipe(
          Layer.provideMerge(Layer.mergeAll(Users.layer(Memory.layer()), Sessions.layer(Memory.layer())))
        )
      )
    )
  )

  it.effect("fails to build when two named stores have the same stack", () =>
    Effect.gen(function* () {
      const memory = Memory.layer()
      const reason = yield* reasonOf(building(Layer.mergeAll(Sessions.layer(memory), Users.layer(memory))))
      assert.include(reason, '"app/Sessions"')
      assert.include(reason, '"app/Users"')
      assert.include(reason, "PrefixCollections")
      const wrapped = Sessions.layer(memory.pipe(Timeout.wrap(), PrefixKeys.wrap("s")))
      assert.include(yield* reasonOf(building(Layer.merge(wrapped, Users.layer(memory)))), "share entries")
    })
  )

  it.effect("builds two named stores over one store when prefixes keep their names apart", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions
      const users = yield* Users
      yield* sessions.put("a", 1)
      assert.isUndefined(yield* users.get("a"))
    }).pipe(
      Effect.provide(
        Layer.suspend(() => {
          const memory = Memory.layer()
          return Layer.mergeAll(
            Sessions.layer(memory.pipe(PrefixCollections.wrap("sessions"))),
            Users.layer(memory.pipe(PrefixCollections.wrap("users")))
          )
        })
      )
    )
  )

  it.effect("builds a named store once, in however many places it is used", () =>
    Effect.gen(function* () {
      const { counts, layer } = counted()
      class Here extends Store.Service<Here>()("app/Here") {}
      const one = Layer.effectDiscard(Here).pipe(Layer.provide(Here.layer(layer)))
      const other = Layer.effectDiscard(Here).pipe(Layer.provide(Here.layer(layer)))
      yield* building(Layer.mergeAll(one, other, Here.layer(layer)))
      assert.deepStrictEqual(counts, { built: 1, closed: 1 })
      assert.strictEqual(Here.layer(layer), Here.layer(layer))
    })
  )

  it.effect("makes a separate service of each declaration, even with the same id", () =>
    Effect.gen(function* () {
      const declare = () => {
        class Same extends Store.Service<Same>()("app/Same") {}
        return Same
      }
      const [first, second] = [declare(), declare()]
      const memory = Memory.layer()
      assert.notStrictEqual<string>(first.key, second.key)
      assert.include(yield* reasonOf(building(Layer.merge(first.layer(memory), second.layer(memory)))), "share entries")
    })
  )

  it.effect("lets one of several concurrent builds have the entries, and the next after its release", () =>
    Effect.gen(function* () {
      const memory = Memory.layer()
      const memoMap = yield* Layer.makeMemoMap
      const scopes = yield* Effect.forEach([1, 2, 3], () => Scope.make())
      const classes = [1, 2, 3].map((i) => {
        class Numbered extends Store.Service<Numbered>()(`app/${i}`) {}
        return Numbered
      })
      const build = (i: number, scope: Scope.Closeable) =>
        Layer.buildWithMemoMap(classes[i]!.layer(memory) as Layer.Layer<unknown, unknown>, memoMap, scope)
      const exits = yield* Effect.forEach(scopes, (scope, i) => Effect.exit(build(i, scope)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, false])
      yield* Effect.forEach(scopes, (scope) => Scope.close(scope, Exit.void))
      const scope = yield* Scope.make()
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(build(1, scope))))
      yield* Scope.close(scope, Exit.void)
    })
  )

  it.effect("releases the entries when a build is interrupted or fails later", () =>
    Effect.gen(function* () {
      const memory = Memory.layer()
      const memoMap = yield* Layer.makeMemoMap
      const late = (layer: Layer.Layer<never>) => Layer.merge(Users.layer(memory), layer)
      for (const after of [Layer.effectDiscard(Effect.never), Layer.effectDiscard(Effect.die("late"))]) {
        const scope = yield* Scope.make()
        const fiber = yield* Effect.forkChild(Layer.buildWithMemoMap(late(after), memoMap, scope), {
          startImmediately: true
        })
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        yield* Scope.close(scope, Exit.void)
        const next = yield* Scope.make()
        yield* Layer.buildWithMemoMap(Sessions.layer(memory), memoMap, next)
        yield* Scope.close(next, Exit.void)
      }
    })
  )

  it.effect("fails an operation after its layer has closed", () =>
    Effect.gen(function* () {
      const users = yield* Effect.provide(Users, Users.layer(Memory.layer()))
      assert.strictEqual((yield* Effect.flip(users.get("a")))._tag, "StoreUnavailableError")
    })
  )

  it("works in a ManagedRuntime", async () => {
    const runtime = ManagedRuntime.make(Layer.merge(Sessions.layer(Memory.layer()), Users.layer(Memory.layer())))
    await runtime.runPromise(Effect.flatMap(Sessions, ({ put }) => put("a", 1)))
    assert.strictEqual(await runtime.runPromise(Effect.flatMap(Sessions, ({ get }) => get("a"))), 1)
    assert.isUndefined(await runtime.runPromise(Effect.flatMap(Users, ({ get }) => get("a"))))
    await runtime.dispose()
    const shared = Memory.layer()
    const mixed = ManagedRuntime.make(Layer.merge(Sessions.layer(shared), Users.layer(shared)))
    assert.isTrue(Exit.isFailure(await mixed.runPromiseExit(Users)))
    await mixed.dispose()
  })

  it.effect("gives Layer.fresh a store of its own", () =>
    Effect.gen(function* () {
      const memory = Memory.layer()
      const [users, fresh] = yield* Effect.all([
        Layer.build(Users.layer(memory)),
        Layer.build(Layer.fresh(Users.layer(memory)))
      ])
      yield* Context.get(users, Users).put("a", 1)
      assert.isUndefined(yield* Context.get(fresh, Users).get("a"))
    }).pipe(Effect.scoped)
  )

  it.effect("works in a wrapper, and through one", () =>
    Effect.gen(function* () {
      const audited = Driver.wrapperEffect(
        Effect.map(Users, (log) =>
          Driver.around((call, next) => Effect.andThen(Effect.orDie(log.put(call._tag, "called")), next(call)))
        )
      )
      const users = Users.layer(Memory.layer())
      const layer = Sessions.layer(Memory.layer().pipe(audited, Layer.provide(users)))
      yield* Effect.gen(function* () {
        yield* (yield* Sessions).put("a", 1)
        assert.isTrue(yield* (yield* Users).has("put"))
      }).pipe(Effect.provide(Layer.merge(layer, users)))
      const kept = Layer.merge(Memory.layer(), Layer.fresh(users)).pipe(Timeout.wrap())
      yield* Effect.provide(Effect.andThen(Users, KeyValue.KeyValue), kept)
    })
  )
})

describe("named stores of tenants in a LayerMap", () => {
  const shared = Memory.layer()
  const tenant = (name: string) => Sessions.layer(shared.pipe(PrefixCollections.wrap(name)))

  it.effect("keeps tenants apart, also through the standard services", () =>
    Effect.gen(function* () {
      const tenants = yield* LayerMap.make((name: string) => Sessions.services.pipe(Layer.provideMerge(tenant(name))))
      const inTenant = <A, E>(name: string, effect: Effect.Effect<A, E, KeyValue.KeyValue | Sessions>) =>
        Effect.provide(effect, tenants.get(name))
      yield* inTenant(
        "a",
        Effect.gen(function* () {
          yield* (yield* KeyValue.KeyValue).put("k", "of a")
          yield* inTenant(
            "b",
            Effect.flatMap(KeyValue.KeyValue, (kv) => kv.put("k", "of b"))
          )
          assert.strictEqual(yield* (yield* Sessions).get("k"), "of a")
          assert.strictEqual(yield* (yield* KeyValue.KeyValue).get("k"), "of a")
          assert.strictEqual(
            yield* inTenant(
              "b",
              Effect.flatMap(Sessions, (it) => it.get("k"))
            ),
            "of b"
          )
        })
      )
    }).pipe(Effect.scoped)
  )

  it.effect("keeps the typed collections of tenants apart, although the layer of a collection is a constant", () =>
    Effect.gen(function* () {
      class Visits extends Collection.Service<Visits>()("visits", { schema: Schema.String }) {}
      const tenants = yield* LayerMap.make((name: string) =>
        Visits.layer.pipe(Layer.provide(shared.pipe(PrefixKeys.wrap(name))))
      )
      const named = yield* LayerMap.make((name: string) =>
        Visits.layer.pipe(Layer.provide(Sessions.services), Layer.provide(tenant(name)))
      )
      for (const all of [tenants, named]) {
        yield* Effect.gen(function* () {
          yield* Visits.use((visits) => visits.put("k", "of a"))
          const ofB = Visits.use((visits) => visits.get("k")).pipe(Effect.provide(all.get("b")))
          assert.deepStrictEqual(yield* ofB, Option.none())
        }).pipe(Effect.provide(all.get("a")))
      }
    }).pipe(Effect.scoped)
  )

  it.effect("releases a tenant when it is idle, and builds it again", () =>
    Effect.gen(function* () {
      const { counts, layer } = counted()
      const tenants = yield* LayerMap.make((name: string) => Sessions.layer(layer.pipe(PrefixCollections.wrap(name))), {
        idleTimeToLive: "1 minute"
      })
      const use = Effect.provide(
        Effect.flatMap(Sessions, (it) => it.has("k")),
        tenants.get("a")
      )
      yield* use
      yield* TestClock.adjust("59 seconds")
      yield* use
      assert.deepStrictEqual(counts, { built: 1, closed: 0 })
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(counts, { built: 1, closed: 1 })
      yield* use
      assert.deepStrictEqual(counts, { built: 2, closed: 1 })
    }).pipe(Effect.scoped)
  )

  it.effect("builds a tenant again while its invalidated store is still in use", () =>
    Effect.gen(function* () {
      const tenants = yield* LayerMap.make(tenant)
      const has = Effect.flatMap(Sessions, (it) => it.has("k"))
      yield* Effect.gen(function* () {
        yield* tenants.invalidate("a")
        yield* Effect.provide(has, tenants.get("a"))
        yield* has
      }).pipe(Effect.provide(tenants.get("a")))
    }).pipe(Effect.scoped)
  )

  it.effect("fails for a tenant that would reach entries of another", () =>
    Effect.gen(function* () {
      const tenants = yield* LayerMap.make((name: string) => (name === "" ? Sessions.layer(shared) : tenant(name)))
      yield* Effect.gen(function* () {
        assert.include(yield* reasonOf(Effect.provide(Sessions, tenants.get(""))), "share some entries")
      }).pipe(Effect.provide(tenants.get("a")))
      yield* Effect.provide(Sessions, tenants.get(""))
    }).pipe(Effect.scoped)
  )
})

describe("contexts with services of different stacks", () => {
  const kv = Layer.effect(KeyValue.KeyValue, KeyValue.KeyValue).pipe(Layer.provide(Memory.layer()))
  const mixed = Layer.merge(Memory.layer(), kv)

  it.effect("fail to build modules that use several of the services", () =>
    Effect.gen(function* () {
      const layers: ReadonlyArray<Layer.Layer<never, unknown>> = [
        Layer.effectDiscard(Effect.void).pipe(Layer.provide(Sessions.layer(mixed))),
        Layer.effectDiscard(Effect.void).pipe(Layer.provide(EffectStore.toRateLimiterStore()), Layer.provide(mixed)),
        Layer.effectDiscard(Effect.void).pipe(Layer.provide(EffectStore.toKeyValueStore()), Layer.provide(mixed))
      ]
      for (const layer of layers) assert.include(yield* reasonOf(building(layer)), "Store.Service")
    })
  )

  it.effect("end a rotation with a defect that says what to do", () =>
    Effect.gen(function* () {
      const other = Layer.effect(Atomic.Atomic, Atomic.Atomic).pipe(Layer.provide(Memory.layer()))
      const exit = yield* Effect.exit(
        Stream.runDrain(Rotation.rotate()).pipe(Effect.provide(Layer.merge(Memory.layer(), other)))
      )
      assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", "Store.Service")
    })
  )

  it.effect("fail to build a named store whose services have a member in common", () =>
    Effect.gen(function* () {
      class Other extends Context.Service<Other, { readonly get: string }>()("test/Other") {}
      class Both extends Store.Service<Both>()("app/Both", { capabilities: [Other] }) {}
      const stack = Layer.merge(Memory.layer(), Layer.succeed(Other, { get: "other" }))
      assert.include(yield* reasonOf(building(Both.layer(stack))), 'a member "get"')
    })
  )
})
