import * as Effect from "effect/Effect"

/**
 * Lets effects about the same name run one after the other, in the order in which they entered; those about other names
 * run beside them. A name is remembered only while somebody is in its lane.
 */
export class Lanes {
  private readonly last = new Map<string, Ticket>()

  /** Is nobody in any lane of these names? */
  areFree(names: ReadonlyArray<string>): boolean {
    return this.last.size === 0 || !names.some((name) => this.last.has(name))
  }

  /** Takes a place behind all those that are in the lanes of these names now. */
  enter(names: ReadonlyArray<string>): Ticket {
    const ticket = new Ticket(() => {
      for (const name of names) if (this.last.get(name) === ticket) this.last.delete(name)
    })
    for (const name of names) {
      this.last.get(name)?.isBefore(ticket)
      this.last.set(name, ticket)
    }
    return ticket
  }

  /** Runs an effect in its turn. */
  run<A, E, R>(names: ReadonlyArray<string>, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => this.enter(names).run(effect))
  }
}

/** A place in lanes. */
export class Ticket {
  private waitsFor = 0
  private hasLeft = false
  private readonly next = new Set<Ticket>()
  private onTurn: (() => void) | undefined
  private readonly onOpen: () => void

  constructor(onOpen: () => void) {
    this.onOpen = onOpen
  }

  /** Runs an effect when all before have left, and leaves. Whoever does not wait for his turn leaves when it comes. */
  run<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.onExitPrimitive(Effect.andThen(this.turn, effect), () => {
      this.hasLeft = true
      this.advance()
      return undefined
    })
  }

  isBefore(other: Ticket): void {
    if (other === this || this.next.has(other)) return
    this.next.add(other)
    other.waitsFor++
  }

  private get turn(): Effect.Effect<void> {
    return this.waitsFor === 0
      ? Effect.void
      : Effect.callback((resume) => {
          this.onTurn = () => resume(Effect.void)
          if (this.waitsFor === 0) this.onTurn()
        })
  }

  private advance(): void {
    if (this.waitsFor > 0) return
    this.onTurn?.()
    if (!this.hasLeft) return
    this.onOpen()
    for (const ticket of this.next) {
      ticket.waitsFor--
      ticket.advance()
    }
    this.next.clear()
  }
}
