import * as Effect from "effect/Effect"
import { isShared } from "./request.ts"
import { wake } from "./wake.ts"

/**
 * Lets effects about the same name run one after the other, in the order in which they entered; those about other names
 * run beside them. A name is remembered only while somebody is in its lane.
 */
export class Lanes {
  private readonly last = new Map<string, Ticket>()

  /** Whether nobody is in any lane of these names. */
  areFree(names: ReadonlyArray<string>): boolean {
    return this.last.size === 0 || !names.some((name) => this.last.has(name))
  }

  /**
   * Takes a position behind all those that are in the lanes of these names now.
   *
   * Whoever enters must leave: `run` sees to both. Entering by hand is for positions in several lanes at once.
   */
  enter(names: ReadonlyArray<string>): Ticket {
    const ticket = new Ticket(() => {
      for (const name of names) if (this.last.get(name) === ticket) this.last.delete(name)
    })
    for (const name of names) {
      this.last.get(name)?.precede(ticket)
      this.last.set(name, ticket)
    }
    return ticket
  }

  /**
   * Runs an effect in its turn.
   *
   * Where requests share nothing, it does not wait: a request that is ended by the runtime would never leave.
   */
  run<A, E, R>(names: ReadonlyArray<string>, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.withFiber((fiber) => (isShared(fiber) ? inTurn(() => [this.enter(names)], effect) : effect))
  }
}

/** Runs an effect when it is the turn of all tickets that are taken, and leaves. An interruption at any step leaves, too. */
export const inTurn = <A, E, R>(
  take: () => ReadonlyArray<Ticket>,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    let tickets: ReadonlyArray<Ticket> = []
    // Tickets are taken inside of what gives them back: a fiber can be interrupted between any two steps.
    const entered = Effect.suspend(() => {
      tickets = take()
      return tickets.reduceRight((rest, ticket) => Effect.andThen(ticket.turn, rest), effect)
    })
    return Effect.onExitPrimitive(entered, () => {
      for (const ticket of tickets) ticket.leave()
      return undefined
    })
  })

/** A position in lanes. */
export class Ticket {
  private predecessors = 0
  private hasLeft = false
  private readonly followers = new Set<Ticket>()
  private onTurn: (() => void) | undefined
  private readonly onLeave: () => void

  constructor(onLeave: () => void) {
    this.onLeave = onLeave
  }

  precede(other: Ticket): void {
    if (other === this || this.followers.has(other)) return
    this.followers.add(other)
    other.predecessors++
  }

  /** Runs an effect when all before have left, and leaves. */
  run<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.onExitPrimitive(Effect.andThen(this.turn, effect), () => this.leave() as undefined)
  }

  /** Waits until all before have left. */
  get turn(): Effect.Effect<void> {
    return Effect.withFiber((fiber) =>
      this.predecessors === 0
        ? Effect.void
        : Effect.callback((resume) => {
            this.onTurn = () => wake(fiber, resume, Effect.void)
          })
    )
  }

  /** Lets the next ones in. An interrupted waiter keeps its position and is skipped when its turn comes. */
  leave(): void {
    if (this.hasLeft) return
    this.hasLeft = true
    if (this.predecessors > 0) return
    const leaving: Array<Ticket> = [this]
    for (let ticket = leaving.pop(); ticket !== undefined; ticket = leaving.pop()) {
      ticket.onLeave()
      for (const follower of ticket.followers) {
        if (--follower.predecessors > 0) continue
        if (follower.hasLeft) leaving.push(follower)
        else follower.onTurn?.()
      }
      ticket.followers.clear()
    }
  }
}
