/** Tests the layers of stores and wrappers: their capabilities, their scope, and how often a shared store is built. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Atomic } from "../src/Atomic.ts"
import * as Driver from "../src/Driver.ts"
import { Enumeration } from "../src/Enumeration.ts"
import { KeyValue } from "../src/KeyValue.ts"
import { Maintenance } from "../src/Maintenance.ts"
import * as Memory from "../src/stores/Memory.ts"
import { bare } from "./driver/recording.ts"

const noop = Driver.wrapper(Driver.around((call, next) => next(call)))
const allCapabilities = ["Enumeration", "Maintenance", "Atomic"]

const capabilitiesOf = <A, E>(layer: Layer.Layer<A, E>) =>
  Effect.gen(function* () {
    const found = yield* Effect.all([
      Effect.serviceOption(Enumeration),
      Effect.serviceOption(Maintenance),
      Effect.serviceOption(Atomic)
    ])
    return allCapabilities.filter((_, i) => Option.isSome(found[i] as Option.Option<unknown>))
  }).pipe(Effect.provide(layer))

const bareLayer = Driver.layer(Effect.map(Memory.make({}), bare))

/** A store that counts how often it is built and closed. */
const counted = () => {
  const count = { built: 0, closed: 0 }
  const make = Effect.acquireRelease(
    Effect.tap(Effect.orDie(Memory.make({})), () => Effect.sync(() => count.built++)),
    () => Effect.sync(() => count.closed++)
  )
  return { count, layer: Driver.layer(make) }
}

describe("Driver.layer", () => {
  it.effect("has the capabilities of its driver, and no others", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* capabilitiesOf(Memory.layer()), allCapabilities)
      assert.deepStrictEqual(yield* capabilitiesOf(bareLayer), [])
      const listing = Driver.layer(
        Effect.map(Memory.make({}), ({ listing, ...driver }) => ({ ...bare(driver), listing }))
      )
      assert.deepStrictEqual(yield* capabilitiesOf(listing), ["Enumeration"])
    })
  )

  it.effect("acquires and releases its driver with its scope", () =>
    Effect.gen(function* () {
      const { count, layer } = counted()
      const during = yield* Effect.provide(
        Effect.sync(() => ({ ...count })),
        noop(layer)
      )
      assert.deepStrictEqual(during, { built: 1, closed: 0 })
      assert.deepStrictEqual(count, { built: 1, closed: 1 })
    })
  )
})

describe("Driver.wrapper", () => {
  it.effect("keeps the capabilities, and wraps their operations", () =>
    Effect.gen(function* () {
      let calls = 0
      const counting = Driver.wrapper(
        Driver.around((call, next) => {
          calls++
          return next(call)
        })
      )
      const layer = counting(noop(Memory.layer()))
      assert.deepStrictEqual(yield* capabilitiesOf(layer), allCapabilities)
      yield* Effect.gen(function* () {
        yield* (yield* Atomic).putIfAbsent("a", 1)
        yield* (yield* Maintenance).clear
      }).pipe(Effect.provide(layer))
      assert.strictEqual(calls, 2)
    })
  )

  it.effect("removes the capabilities that the wrapped driver loses", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* capabilitiesOf(Driver.wrapper(bare)(Memory.layer())), [])
      assert.deepStrictEqual(yield* capabilitiesOf(noop(bareLayer)), [])
    })
  )

  it.effect("keeps the other services of the layer", () =>
    Effect.gen(function* () {
      class Other extends Context.Service<Other, number>()("test/Other") {}
      const layer = noop(Layer.merge(Memory.layer(), Layer.succeed(Other, 7)))
      assert.strictEqual(yield* Effect.provide(Other, layer), 7)
    })
  )

  it.effect("gives each of two stacks its own store when they share a wrapper", () =>
    Effect.gen(function* () {
      class One extends Context.Service<One, KeyValue["Service"]>()("test/One") {}
      class Two extends Context.Service<Two, KeyValue["Service"]>()("test/Two") {}
      const one = Layer.effect(One, KeyValue).pipe(Layer.provide(noop(Memory.layer())))
      const two = Layer.effect(Two, KeyValue).pipe(Layer.provide(noop(Memory.layer())))
      yield* Effect.gen(function* () {
        yield* (yield* One).put("a", 1)
        assert.isUndefined(yield* (yield* Two).get("a"))
      }).pipe(Effect.provide(Layer.merge(one, two)))
    })
  )

  it.effect("builds a common base once", () =>
    Effect.gen(function* () {
      class One extends Context.Service<One, KeyValue["Service"]>()("test/One") {}
      class Two extends Context.Service<Two, KeyValue["Service"]>()("test/Two") {}
      const { count, layer: base } = counted()
      const one = Layer.effect(One, KeyValue).pipe(Layer.provide(noop(base)))
      const two = Layer.effect(Two, KeyValue).pipe(Layer.provide(noop(noop(base))))
      yield* Effect.gen(function* () {
        yield* (yield* One).put("a", 1)
        assert.strictEqual(yield* (yield* Two).get("a"), 1)
        assert.strictEqual(count.built, 1)
      }).pipe(Effect.provide(Layer.merge(one, two)))
      assert.strictEqual(count.closed, 1)
    })
  )

  it.effect("builds a wrapped layer once, wherever it is used", () =>
    Effect.gen(function* () {
      class One extends Context.Service<One, KeyValue["Service"]>()("test/One") {}
      class Two extends Context.Service<Two, KeyValue["Service"]>()("test/Two") {}
      let built = 0
      const counting = Driver.wrapperEffect(
        Effect.sync(() => {
          built += 1
          return (driver: Driver.Driver) => driver
        })
      )
      const stacks = {
        wrapper: counting(Memory.layer()),
        "wrapper over wrapper": counting(noop(Memory.layer())),
        "several stores": Driver.wrapperOver([Memory.layer()], (driver) =>
          Effect.sync(() => {
            built += 1
            return driver
          })
        )(noop(Memory.layer()))
      }
      for (const [name, stack] of Object.entries(stacks)) {
        built = 0
        const one = Layer.effect(One, KeyValue).pipe(Layer.provide(stack))
        const two = Layer.effect(Two, KeyValue).pipe(Layer.provide(stack))
        yield* Effect.gen(function* () {
          assert.strictEqual(yield* One, yield* Two, name)
        }).pipe(Effect.provide(Layer.merge(one, two)))
        assert.strictEqual(built, 1, name)
        // A program of its own builds its own.
        yield* Effect.provide(KeyValue, stack)
        assert.strictEqual(built, 2, name)
      }
    })
  )

  it.effect("wrapperEffect runs when the layer is built, and closes with it", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const acquiring = Driver.wrapperEffect(
        Effect.acquireRelease(
          Effect.sync(() => {
            log.push("acquired")
            return (driver: Driver.Driver) => driver
          }),
          () => Effect.sync(() => log.push("released"))
        )
      )
      yield* Effect.provide(
        Effect.sync(() => log.push("used")),
        acquiring(Memory.layer())
      )
      assert.deepStrictEqual(log, ["acquired", "used", "released"])
    })
  )

  it.effect("wrapperContext provides its own service", () =>
    Effect.gen(function* () {
      class Extra extends Context.Service<Extra, string>()("test/Extra") {}
      const providing = Driver.wrapperContext(
        Effect.succeed({ transform: (driver: Driver.Driver) => driver, context: Context.make(Extra, "extra") })
      )
      assert.strictEqual(yield* Effect.provide(Extra, noop(providing(Memory.layer()))), "extra")
    })
  )
})

describe("Driver.combination", () => {
  const first = <A extends Driver.Driver>(driver: A) => Effect.succeed(driver)

  it.effect("has the capabilities of the combined driver", () =>
    Effect.gen(function* () {
      const combined = Driver.wrapperOver([bareLayer], (driver, others) =>
        Effect.succeed(Driver.combine([driver, ...others], (call, nexts) => nexts[0]!(call)))
      )
      assert.deepStrictEqual(yield* capabilitiesOf(combined(Memory.layer())), [])
    })
  )

  it.effect("builds a common base once, and each of two different layers once", () =>
    Effect.gen(function* () {
      const { count, layer: base } = counted()
      const combined = Driver.wrapperOver([noop(base)], first)(noop(base))
      yield* Effect.provide(KeyValue, combined)
      assert.strictEqual(count.built, 1)
      const apart = [counted(), counted()] as const
      yield* Effect.provide(KeyValue, Driver.wrapperOver([apart[0].layer], first)(apart[1].layer))
      assert.deepStrictEqual(
        apart.map(({ count }) => count),
        [
          { built: 1, closed: 1 },
          { built: 1, closed: 1 }
        ]
      )
    })
  )

  it.effect("passes the other stores in order", () =>
    Effect.gen(function* () {
      const named = (name: string) => Memory.layer({ defaultCollection: name })
      const combined = Driver.wrapperOver([named("b"), named("c")], (driver, others) =>
        Effect.succeed({
          ...driver,
          defaultCollection: [driver, ...others].map((driver) => driver.defaultCollection).join("-")
        })
      )
      const kv = yield* Effect.provide(KeyValue, combined(named("a")))
      assert.strictEqual(kv.driver.defaultCollection, "a-b-c")
    })
  )
})
