/** The order in which stores are asked: first those whose last operation did not fail. Times are monotonic. */
export class Health {
  private readonly askAgainAt: Array<number>
  private readonly natural: ReadonlyArray<number>
  private readonly pause: number

  constructor(stores: number, pause: number) {
    this.askAgainAt = new Array<number>(stores).fill(Number.NEGATIVE_INFINITY)
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
    if (this.natural.every((store) => this.isWell(store))) return this.natural
    const unwell = this.natural.filter((store) => this.askAgainAt[store]! > now)
    const first = this.natural.filter((store) => this.askAgainAt[store]! <= now)
    for (const store of first) if (!this.isWell(store)) this.askAgainAt[store] = now + this.pause
    return [...first, ...unwell]
  }
}
