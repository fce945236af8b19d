/** The order in which stores are asked: first those whose last operation did not fail. Times are monotonic. */
export class Health {
  private readonly askAgainAt: Array<number>
  private readonly natural: ReadonlyArray<number>
  private readonly pause: number

  constructor(stores: number, pause: number) {
    this.askAgainAt = Array.from({ length: stores }, () => Number.NEGATIVE_INFINITY)
    this.natural = [...this.askAgainAt.keys()]
    this.pause = pause
  }

  isWell(store: number): boolean {
    return this.askAgainAt[store] === Number.NEGATIVE_INFINITY
  }

  note(store: number, isWell: boolean, now: number): void {
    this.askAgainAt[store] = isWell ? Number.NEGATIVE_INFINITY : now + this.pause
  }

  /** The stores in the order in which to ask them. A store that failed gets its own place back for one operation per pause. */
  order(now: number): ReadonlyArray<number> {
    if (this.askAgainAt.every((time) => time === Number.NEGATIVE_INFINITY)) return this.natural
    const well: Array<number> = []
    const unwell: Array<number> = []
    this.askAgainAt.forEach((time, store) => {
      if (time > now) unwell.push(store)
      else {
        well.push(store)
        if (time !== Number.NEGATIVE_INFINITY) this.askAgainAt[store] = now + this.pause
      }
    })
    return [...well, ...unwell]
  }
}
