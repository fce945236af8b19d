import * as Effect from "effect/Effect"
import { eachInSlices } from "../../concurrency/slices.ts"

/** Names of what is being changed. A name that several operations have marked stays marked until the last has ended. */
export class Marks {
  private readonly counts = new Map<string, number>()

  get isEmpty(): boolean {
    return this.counts.size === 0
  }

  has(name: string): boolean {
    return this.counts.has(name)
  }

  /** Marks names in this step. The function that is returned takes the marks back. */
  hold(names: ReadonlyArray<string>): () => void {
    for (const name of names) this.add(name, 1)
    return () => {
      for (const name of names) this.add(name, -1)
    }
  }

  /** Marks names while an effect runs, which is made when all of them are marked. */
  during<A, E>(names: ReadonlyArray<string>, effect: () => Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      let marked = 0
      const mark = (i: number) => {
        this.add(names[i]!, 1)
        marked++
      }
      // The marks are set inside of what takes them back: a fiber can be interrupted between any two steps.
      return Effect.onExitPrimitive(
        Effect.suspend(() => eachInSlices(names.length, mark, effect)),
        () =>
          eachInSlices(
            marked,
            (i) => this.add(names[i]!, -1),
            () => Effect.void
          )
      )
    })
  }

  private add(name: string, change: 1 | -1): void {
    const count = (this.counts.get(name) ?? 0) + change
    if (count === 0) this.counts.delete(name)
    else this.counts.set(name, count)
  }
}
