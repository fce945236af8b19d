import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import type * as KeyValue from "../../KeyValue.ts"
import { type Services, servicesOf } from "./Client.ts"
import type { Reopening } from "./History.ts"
import type { Passing } from "./Passing.ts"
import type { Stores } from "./Stores.ts"

interface Life {
  readonly services: Services
  readonly scope: Scope.Closeable
}

const open = Effect.fnUntraced(function* <E>(layer: Layer.Layer<KeyValue.KeyValue, E>): Effect.fn.Return<Life, E> {
  const scope = yield* Scope.make()
  const build = Layer.buildWithMemoMap(layer, Layer.makeMemoMapUnsafe(), scope)
  const context = yield* Effect.onError(build, () => Scope.close(scope, Exit.void))
  return { services: servicesOf(context), scope }
})

/** Building is retried, because it may fail while a store is down. */
const retries = { times: 200, schedule: Schedule.spaced(500) }

/** A stack that is built, closed, and built again. */
export class Lifetimes<E> {
  readonly reopenings: Array<Reopening> = []
  private readonly layer: Layer.Layer<KeyValue.KeyValue, E>
  private readonly stores: Stores
  private readonly passing: Passing
  private readonly fresh: boolean
  private scope: Scope.Closeable
  /** The services of the last build, even after it was closed. */
  services: Services

  private constructor(
    layer: Layer.Layer<KeyValue.KeyValue, E>,
    stores: Stores,
    passing: Passing,
    fresh: boolean,
    { services, scope }: Life
  ) {
    this.layer = layer
    this.stores = stores
    this.passing = passing
    this.fresh = fresh
    this.services = services
    this.scope = scope
  }

  static begin<E>(
    layer: Layer.Layer<KeyValue.KeyValue, E>,
    stores: Stores,
    passing: Passing,
    fresh: boolean
  ): Effect.Effect<Lifetimes<E>, E> {
    return Effect.map(open(layer), (life) => new Lifetimes(layer, stores, passing, fresh, life))
  }

  /** Closes the layer, even with operations in flight, and builds it again after a pause. */
  restart(pause: number): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const reopening: Reopening = { closing: this.passing.now(), closed: undefined, opened: undefined }
      this.reopenings.push(reopening)
      if (yield* this.close) reopening.closed = this.passing.now()
      yield* this.passing.wait(pause)
      this.stores.forget(this.fresh)
      const opening = yield* Effect.forkDetach(Effect.retry(open(this.layer), retries))
      if (!(yield* this.passing.waitFor([opening], false))) return
      const opened = opening.pollUnsafe()!
      if (Exit.isFailure(opened)) return
      this.services = opened.value.services
      this.scope = opened.value.scope
      reopening.opened = this.passing.now()
    })
  }

  /** Closes the layer for good. */
  readonly end = Effect.gen({ self: this }, function* () {
    const closing = this.passing.now()
    if (!(yield* this.close)) this.reopenings.push({ closing, closed: undefined, opened: closing })
  })

  /** Closes the layer, and returns whether it has closed. */
  private readonly close = Effect.gen({ self: this }, function* () {
    const closing = yield* Effect.forkDetach(Scope.close(this.scope, Exit.void))
    return yield* this.passing.waitFor([closing], false)
  })
}
