/** Tests the types of named stores by compiling. Nothing here runs. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Atomic from "../../src/Atomic.ts"
import * as Collection from "../../src/Collection.ts"
import * as Enumeration from "../../src/Enumeration.ts"
import type * as KeyValue from "../../src/KeyValue.ts"
import type { StoreSetupError } from "../../src/KeyValueError.ts"
import * as Rotation from "../../src/Rotation.ts"
import * as Store from "../../src/Store.ts"
import * as Memory from "../../src/stores/Memory.ts"
import * as Statistics from "../../src/wrappers/Statistics.ts"
import type { Equals, True } from "./equals.ts"

declare const plain: Layer.Layer<KeyValue.KeyValue, "down", Statistics.Statistics>
declare const atomic: Layer.Layer<KeyValue.KeyValue | Atomic.Atomic>
declare const nothing: Layer.Layer<Statistics.Statistics>

class Plain extends Store.Service<Plain>()("app/Plain") {}
class Sessions extends Store.Service<Sessions>()("app/Sessions", {
  capabilities: [Atomic.Atomic, Enumeration.Enumeration]
}) {}
class Counted extends Store.Service<Counted>()("app/Counted", { capabilities: [Statistics.Statistics] }) {}

// The service has the members of all services.

export const program = Effect.gen(function* () {
  const sessions = yield* Sessions
  yield* sessions.put("a", 1)
  yield* sessions.update("a", () => 2)
  yield* Stream.runDrain(sessions.keys())
  const plain = yield* Plain
  yield* plain.get("a")
  // @ts-expect-error Plain has no capabilities
  plain.update("a", () => 2)
})
export type _shape = True<Equals<(typeof Sessions)["Service"], KeyValue.Service & Atomic.Service & Enumeration.Service>>
export type _plain = True<Equals<(typeof Plain)["Service"], KeyValue.Service>>
export type _needed = True<Equals<Effect.Services<typeof program>, Sessions | Plain>>

// The layer has the errors and requirements of the stack.

export const layers = [Plain.layer(plain), Sessions.layer(Memory.layer()), Sessions.services] as const
export type _layer = True<
  Equals<(typeof layers)[0], Layer.Layer<Plain, "down" | StoreSetupError, Statistics.Statistics>>
>
export type _other = True<Equals<(typeof layers)[1], Layer.Layer<Sessions, StoreSetupError>>>
export type _services = True<
  Equals<(typeof layers)[2], Layer.Layer<KeyValue.KeyValue | Atomic.Atomic | Enumeration.Enumeration, never, Sessions>>
>
export const counted = Counted.layer(Memory.layer().pipe(Statistics.wrap()))

// A stack that lacks a service does not compile, and the message says which one.

type Message<L extends Layer.Any, Needed> = Store.Providing<Layer.Success<L>, Needed>
export type _lacks = True<
  Equals<
    Message<typeof atomic, Atomic.Atomic | Enumeration.Enumeration>,
    "The stack does not provide effect-kv/Enumeration: add a store or wrapper that does, or remove it from the capabilities of the named store"
  >
>
export type _has = True<Equals<Message<typeof atomic, Atomic.Atomic>, unknown>>
// @ts-expect-error the stack has no Enumeration
Sessions.layer(atomic)
// @ts-expect-error the stack has neither Atomic nor Enumeration
Sessions.layer(plain)
// @ts-expect-error the stack has no KeyValue
Plain.layer(nothing)
// @ts-expect-error the stack has no Statistics
Counted.layer(Memory.layer())

// Modules that use the standard services get them from a named store.

class Users extends Collection.Service<Users>()("users", { schema: {} as never }) {}
export const users = Users.layer.pipe(Layer.provide(Sessions.services))
export type _users = True<Equals<Layer.Services<typeof users>, Sessions>>
export const rotation = Effect.provide(Stream.runDrain(Rotation.rotate()), Sessions.services)
export type _rotation = True<Equals<Effect.Services<typeof rotation>, Sessions>>
