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

/** What a stack is built from. */
interface Setting<E> {
  readonly layer: Layer.Layer<KeyValue.KeyValue, E>
  readonly stores: Stores
  readonly passing: Passing
  /** Whether all stores are empty when the stack is built again. */
  readonly fresh: boolean
}

/** A stack that is built, closed, and built again. */
export class Lifetimes<E> {
  readonly reopenings: Array<Reopening> = []
  private readonly setting: Setting<E>
  private life: Life

  private constructor(setting: Setting<E>, life: Life) {
    this.setting = setting
    this.life = life
  }

  static begin<E>(setting: Setting<E>): Effect.Effect<Lifetimes<E>, E> {
    return Effect.map(open(setting.layer), (life) => new Lifetimes(setting, life))
  }

  /** The services of the last build, even after it was closed. */
  get services(): Services {
    return this.life.services
  }

  /** Closes the layer, even with operations in flight, and builds it again after a pause. */
  restart(pause: number): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const { layer, stores, passing, fresh } = this.setting
      const reopening: Reopening = { closing: passing.now(), closed: undefined, opened: undefined }
      this.reopenings.push(reopening)
      if (yield* this.close) reopening.closed = passing.now()
      yield* passing.wait(pause)
      stores.forget(fresh)
      const opening = yield* Effect.forkDetach(Effect.retry(open(layer), retries))
      if (!(yield* passing.waitFor([opening], false))) return
      const opened = opening.pollUnsafe()!
      if (Exit.isFailure(opened)) return
      this.life = opened.value
      reopening.opened = passing.now()
    })
  }

  /** Closes the layer for good. */
  readonly end = Effect.gen({ self: this }, function* () {
    const closing = this.setting.passing.now()
    if (!(yield* this.close)) this.reopenings.push({ closing, closed: undefined, opened: closing })
  })

  /** Closes the layer, and returns whether it has closed. */
  private readonly close = Effect.gen({ self: this }, function* () {
    const closing = yield* Effect.forkDetach(Scope.close(this.life.scope, Exit.void))
    return yield* this.setting.passing.waitFor([closing], false)
  })
}
