/** Tests that services over a store, which are layers in constants, never belong to another store than that of their user. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Atomic from "../src/Atomic.ts"
import * as Collection from "../src/Collection.ts"
import * as LoadingCache from "../src/LoadingCache.ts"
import * as Store from "../src/Store.ts"
import * as Memory from "../src/stores/Memory.ts"
import * as PrefixCollections from "../src/wrappers/PrefixCollections.ts"

class Users extends Collection.Service<Users>()("users", {
  schema: Schema.String,
  capabilities: [Atomic.Atomic]
}) {}

/** Where lookups come from. Each tenant has its own. */
class Source extends Context.Service<Source, { readonly name: string }>()("test/Source") {}

class Products extends LoadingCache.Service<Products>()("products", {
  schema: Schema.String,
  lookup: (id: string) => Effect.map(Source, ({ name }) => `${id} of ${name}`),
  ttl: "1 hour"
}) {}

const shared = Memory.layer()
const tenant = (name: string) =>
  Layer.mergeAll(Users.layer, Products.layer).pipe(
    Layer.provide(Layer.merge(shared.pipe(PrefixCollections.wrap(name)), Layer.succeed(Source, { name })))
  )

describe("the layers of collections and caches in a LayerMap", () => {
  const tenants = LayerMap.make(tenant)

  it.effect("give each tenant the collection over its own store", () =>
    Effect.gen(function* () {
      const map = yield* tenants
      const inTenant = <A, E>(name: string, effect: Effect.Effect<A, E, Users>) => Effect.provide(effect, map.get(name))
      // The tenants are in use at the same time.
      yield* inTenant(
        "a",
        Effect.gen(function* () {
          yield* (yield* Users).put("k", "of a")
          yield* inTenant(
            "b",
            Users.use((users) => Effect.andThen(users.put("k", "of b"), users.put("of b", "b")))
          )
          assert.deepStrictEqual(yield* (yield* Users).get("k"), Option.some("of a"))
          assert.isFalse(yield* (yield* Users).has("of b"))
          const update = Users.use((users) =>
            users.update(
              "k",
              Option.map((value) => `${value}!`)
            )
          )
          assert.deepStrictEqual(yield* update, Option.some("of a!"))
          assert.deepStrictEqual(yield* inTenant("b", update), Option.some("of b!"))
        })
      )
    }).pipe(Effect.scoped)
  )

  it.effect("give each tenant the cache over its own store and with its own lookups", () =>
    Effect.gen(function* () {
      const map = yield* tenants
      const get = Products.use((products) => products.get("1"))
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* get, "1 of a")
        assert.strictEqual(yield* Effect.provide(get, map.get("b")), "1 of b")
        assert.strictEqual(yield* get, "1 of a")
      }).pipe(Effect.provide(map.get("a")))
    }).pipe(Effect.scoped)
  )

  it.effect("give each tenant of a named store its own collection", () =>
    Effect.gen(function* () {
      class Tenant extends Store.Service<Tenant>()("app/Tenant", { capabilities: [Atomic.Atomic] }) {}
      const map = yield* LayerMap.make((name: string) =>
        Users.layer.pipe(
          Layer.provide(Tenant.services),
          Layer.provide(Tenant.layer(shared.pipe(PrefixCollections.wrap(name))))
        )
      )
      const has = Users.use((users) => users.has("named"))
      yield* Effect.gen(function* () {
        yield* Users.use((users) => users.put("named", "a"))
        assert.isFalse(yield* Effect.provide(has, map.get("b")))
        assert.isTrue(yield* has)
      }).pipe(Effect.provide(map.get("a")))
    }).pipe(Effect.scoped)
  )

  it.effect("follow a tenant to its new store after it was invalidated", () =>
    Effect.gen(function* () {
      const map = yield* LayerMap.make((_: string) => Users.layer.pipe(Layer.provide(Memory.layer())))
      const put = Users.use((users) => users.put("k", "v"))
      const has = Users.use((users) => users.has("k"))
      yield* Effect.gen(function* () {
        yield* put
        yield* map.invalidate("a")
        assert.isFalse(yield* Effect.provide(has, map.get("a")))
        assert.isTrue(yield* has)
      }).pipe(Effect.provide(map.get("a")))
    }).pipe(Effect.scoped)
  )
})

describe("the layers of collections and caches over one store", () => {
  /** A use of the cache: another layer each time, as two parts of a program have them. */
  const use = Effect.fnUntraced(function* (
    memory: ReturnType<typeof Memory.layer>,
    memoMap: Layer.MemoMap
  ): Effect.fn.Return<{ readonly scope: Scope.Closeable; readonly cache: typeof Products.Service }, unknown> {
    const scope = yield* Scope.make()
    const layer = Products.layer.pipe(Layer.provide(memory), Layer.provide(Layer.succeed(Source, { name: "test" })))
    return { scope, cache: Context.get(yield* Layer.buildWithMemoMap(layer, memoMap, scope), Products) }
  })

  it.effect("give two users one cache, and keep it until its last user is gone", () =>
    Effect.gen(function* () {
      const memoMap = yield* Layer.makeMemoMap
      const memory = Memory.layer()
      const [first, second] = yield* Effect.all([use(memory, memoMap), use(memory, memoMap)], {
        concurrency: "unbounded"
      })
      assert.strictEqual(first.cache, second.cache)
      yield* Scope.close(first.scope, Exit.void)
      assert.strictEqual(yield* second.cache.get("1"), "1 of test")
      yield* Scope.close(second.scope, Exit.void)
      assert.strictEqual((yield* Effect.flip(second.cache.get("1")))._tag, "StoreUnavailableError")
    })
  )

  it.effect("make another cache after the last user of the first is gone", () =>
    Effect.gen(function* () {
      const memoMap = yield* Layer.makeMemoMap
      const kept = yield* Scope.make()
      const memory = Memory.layer()
      yield* Layer.buildWithMemoMap(memory, memoMap, kept)
      const first = yield* use(memory, memoMap)
      yield* Scope.close(first.scope, Exit.void)
      const second = yield* use(memory, memoMap)
      assert.notStrictEqual(first.cache, second.cache)
      assert.strictEqual(yield* second.cache.get("1"), "1 of test")
      yield* Scope.close(second.scope, Exit.void)
      yield* Scope.close(kept, Exit.void)
    })
  )

  it("work in a ManagedRuntime, and fail after it was disposed", async () => {
    const runtime = ManagedRuntime.make(Users.layer.pipe(Layer.provide(Memory.layer())))
    const users = await runtime.runPromise(Users)
    await runtime.runPromise(users.put("k", "v"))
    assert.isTrue(await runtime.runPromise(Users.use((users) => users.has("k"))))
    await runtime.dispose()
    const error = await Effect.runPromise(Effect.flip(users.get("k")))
    assert.strictEqual(error._tag, "StoreUnavailableError")
  })
})
