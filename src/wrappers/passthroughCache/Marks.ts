import * as Effect from "effect/Effect"

/** Names that something is being done to, each as often as it is. */
export class Marks {
  private readonly counts = new Map<string, number>()

  has(name: string): boolean {
    return this.counts.has(name)
  }

  /** Marks names while an effect runs. */
  during<A, E>(names: ReadonlyArray<string>, effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.add(names, 1)),
      () => effect,
      () => Effect.sync(() => this.add(names, -1))
    )
  }

  private add(names: ReadonlyArray<string>, change: 1 | -1): void {
    for (const name of names) {
      const count = (this.counts.get(name) ?? 0) + change
      if (count === 0) this.counts.delete(name)
      else this.counts.set(name, count)
    }
  }
}
