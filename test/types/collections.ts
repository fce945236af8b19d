/** Tests the types of collections by compiling: capabilities, versions and errors. Nothing here runs. */
// @effect-diagnostics missingEffectContext:off
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Atomic from "../../src/Atomic.ts"
import * as Collection from "../../src/Collection.ts"
import * as Enumeration from "../../src/Enumeration.ts"
import type { KeyValue } from "../../src/KeyValue.ts"
import type { ReadError } from "../../src/KeyValueError.ts"
import * as Maintenance from "../../src/Maintenance.ts"
import type { Equals, True } from "./equals.ts"

declare const plain: Layer.Layer<KeyValue>
declare const listing: Layer.Layer<KeyValue | Enumeration.Enumeration>
declare const all: Layer.Layer<KeyValue | Enumeration.Enumeration | Atomic.Atomic | Maintenance.Maintenance>

const runs = <A, E>(_effect: Effect.Effect<A, E>): void => {}

const User = Schema.Struct({ name: Schema.String })
type User = typeof User.Type

// Without capabilities, a collection needs only a `KeyValue`, and has the operations of all stores.

const basic = Collection.make({ collection: "users", schema: User })
export type _basic = True<Equals<typeof basic, Effect.Effect<Collection.Collection<User>, never, KeyValue>>>
runs(Effect.provide(basic, plain))

declare const users: Collection.Collection<User>
// @ts-expect-error update needs Atomic
users.update
// @ts-expect-error keys needs Enumeration
users.keys
// @ts-expect-error clear needs Maintenance
users.clear

// With capabilities, it has their operations, and a stack without one of them does not compile.

const some = Collection.make({ collection: "users", schema: User, capabilities: [Enumeration.Enumeration] })
export type _some = True<Equals<Effect.Services<typeof some>, KeyValue | Enumeration.Enumeration>>
runs(Effect.provide(some, listing))
// @ts-expect-error plain has no Enumeration
runs(Effect.provide(some, plain))
export const listed = Effect.map(some, (users) => users.keys())
// @ts-expect-error upgrade needs Atomic as well
export const upgraded = Effect.map(some, (users) => users.upgrade())

const every = [Atomic.Atomic, Enumeration.Enumeration, Maintenance.Maintenance] as const
class Users extends Collection.Service<Users>()("users", { schema: User, capabilities: every }) {}
export type _layer = True<
  Equals<
    Layer.Services<typeof Users.layer>,
    KeyValue | Enumeration.Enumeration | Atomic.Atomic | Maintenance.Maintenance
  >
>
runs(Users.use((users) => users.clear).pipe(Effect.provide(Layer.provide(Users.layer, all))))
// @ts-expect-error listing has no Atomic and no Maintenance
runs(Users.use((users) => users.clear).pipe(Effect.provide(Layer.provide(Users.layer, listing))))

// A list whose content the type does not say gives no operations.

declare const unknown: ReadonlyArray<Collection.Capability>
const none = Collection.make({ collection: "users", schema: User, capabilities: unknown })
export type _none = True<Equals<Effect.Success<typeof none>, Collection.Collection<User>>>

// Errors have names.

declare const able: Collection.With<Atomic.Atomic | Enumeration.Enumeration, User, string>
const updated = able.updateEffect("a", () => Effect.fail("boom" as const))
export type _updated = True<Equals<Effect.Error<typeof updated>, "boom" | Atomic.UpdateError>>
export type _value = True<Equals<Effect.Success<typeof updated>, Option.Option<User>>>
const results = able.getManyResults(["a"])
export type _results = True<Equals<Effect.Error<typeof results>, ReadError>>
// @ts-expect-error update returns an Option
export const wrong = able.update("a", () => ({ name: "a" }))
export const updates = able.update("a", () => Option.none())

// Each version upgrades to the one before it.

const Age1 = Schema.Struct({ age: Schema.String })
const Age2 = Schema.Struct({ age: Schema.Finite })
const Age = Schema.Struct({ years: Schema.Finite })

export const versions = Collection.make({
  collection: "ages",
  schema: Age,
  versions: [
    { schema: Age2, upgrade: ({ age }) => ({ years: age }) },
    { schema: Age1, upgrade: ({ age }) => ({ age: Number(age) }) }
  ]
})
export const notCurrent = Collection.make({
  collection: "ages",
  schema: Age,
  // @ts-expect-error the first version upgrades to the current schema
  versions: [{ schema: Age2, upgrade: ({ age }) => ({ age }) }]
})
export const notNext = Collection.make({
  collection: "ages",
  schema: Age,
  versions: [
    { schema: Age2, upgrade: ({ age }) => ({ years: age }) },
    // @ts-expect-error the second version upgrades to the first
    { schema: Age1, upgrade: ({ age }) => ({ years: Number(age) }) }
  ]
})
