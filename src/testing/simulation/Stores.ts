import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as KeyValue from "../../KeyValue.ts"
import type * as Chaos from "../Chaos.ts"

/** The stores of a run, by name. They are kept when the stack is closed and built again. */
export class Stores {
  private readonly contexts = new Map<string, Context.Context<any>>()
  private readonly faults = new Map<string, Chaos.Service>()
  private readonly temporary = new Set<string>()
  private readonly scope: Scope.Scope
  private enabled = false

  constructor(scope: Scope.Scope) {
    this.scope = scope
  }

  open<A, E, R, E2>(
    name: string,
    layer: Layer.Layer<A | KeyValue.KeyValue, E, R>,
    faults: Effect.Effect<Chaos.Service, E2>,
    isTemporary: boolean
  ): Effect.Effect<
    { readonly context: Context.Context<A | KeyValue.KeyValue>; readonly chaos: Chaos.Service },
    E | E2,
    R
  > {
    return Effect.gen({ self: this }, function* () {
      const known = this.contexts.get(name) as Context.Context<A | KeyValue.KeyValue> | undefined
      const context = known ?? (yield* Layer.buildWithMemoMap(layer, Layer.makeMemoMapUnsafe(), this.scope))
      this.contexts.set(name, context)
      if (isTemporary) this.temporary.add(name)
      const chaos = this.faults.get(name) ?? (yield* faults)
      if (this.enabled && !this.faults.has(name)) yield* chaos.enable
      this.faults.set(name, chaos)
      return { context, chaos }
    })
  }

  /** A store without its faults. */
  get(name: string): Context.Context<KeyValue.KeyValue> | undefined {
    return this.contexts.get(name)
  }

  /** Forgets all stores, or only the temporary ones, so that the next build of the stack makes new ones. */
  forget(all: boolean): void {
    for (const name of all ? [...this.contexts.keys()] : this.temporary) this.contexts.delete(name)
  }

  switchFaults(on: boolean): Effect.Effect<void> {
    this.enabled = on
    return Effect.forEach(this.faults.values(), (chaos) => (on ? chaos.enable : chaos.disable), { discard: true })
  }

  readonly injected = Effect.suspend(() => Effect.forEach(this.faults.values(), (chaos) => chaos.injected))
}

/** Counts the calls that stores have in progress, and records since when there are none. */
export class Activity {
  private calls = 0
  private quietSince = 0
  private readonly now: () => number

  constructor(now: () => number) {
    this.now = now
  }

  begin(): void {
    this.calls++
  }

  end(): void {
    this.calls--
    this.quietSince = this.now()
  }

  get quietFor(): number {
    return this.calls > 0 ? 0 : this.now() - this.quietSince
  }
}
