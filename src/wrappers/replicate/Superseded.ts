import type { Ballot } from "./Votes.ts"

/** The smallest number of writes at which those whose callers have given up are removed. */
const shortest = 64

/**
 * The writes that a newer write of the same key has superseded in a store. Their result in that store is the result of
 * the newer write.
 */
export class Superseded {
  ballots: Array<Ballot<any>> = []
  private reviewAt = shortest

  /** Whether the caller of one of the writes still waits. */
  get isOpen(): boolean {
    return this.ballots.some(({ isOpen }) => isOpen)
  }

  static both(one: Superseded | undefined, other: Superseded | undefined): Superseded | undefined {
    if (one === undefined || other === undefined) return one ?? other
    const [few, many] = one.ballots.length < other.ballots.length ? [one, other] : [other, one]
    for (const ballot of few.ballots) many.add(ballot)
    return many
  }

  /**
   * Adds a write. Each time that the number of writes has doubled, those whose callers do not wait any longer are
   * removed.
   */
  add(ballot: Ballot<any>): void {
    if (this.ballots.push(ballot) < this.reviewAt) return
    this.ballots = this.ballots.filter(({ isOpen }) => isOpen)
    this.reviewAt = Math.max(shortest, 2 * this.ballots.length)
  }
}
