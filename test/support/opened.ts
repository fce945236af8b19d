import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { KeyValue } from "../../src/index.ts"

/** Builds a layer whose scope can be closed while fibers outside of it use the store. */
export const opened = <E>(layer: Layer.Layer<KeyValue.KeyValue, E>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(layer, scope)
    return { kv: Context.get(context, KeyValue.KeyValue), close: Scope.close(scope, Exit.void) }
  })
