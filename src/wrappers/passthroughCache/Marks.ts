import * as Effect from "effect/Effect"

/** Names that something is being done to, each as often as it is. */
export class Marks {
  private readonly counts = new Map<string, number>()

  get isEmpty(): boolean {
    return this.counts.size === 0
  }

  has(name: string): boolean {
    return this.counts.has(name)
  }

  /** Marks names. What is returned takes the marks back, once. */
  hold(names: ReadonlyArray<string>): () => void {
    this.add(names, 1)
    let isHeld = true
    return () => {
      if (isHeld) this.add(names, -1)
      isHeld = false
    }
  }

  /** Marks names while an effect runs. They are marked in the step that makes the effect. */
  during<A, E>(names: ReadonlyArray<string>, effect: () => Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      let release: (() => void) | undefined
      // The marks are set inside of what takes them back: a fiber can be interrupted between any two steps.
      const marked = Effect.suspend(() => {
        release = this.hold(names)
        return effect()
      })
      return Effect.onExitPrimitive(marked, () => release?.() as undefined)
    })
  }

  private add(names: ReadonlyArray<string>, change: 1 | -1): void {
    for (const name of names) {
      const count = (this.counts.get(name) ?? 0) + change
      if (count === 0) this.counts.delete(name)
      else this.counts.set(name, count)
    }
  }
}
