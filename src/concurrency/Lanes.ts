import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Chain, type Link } from "./Chain.ts"
import { isShared } from "./request.ts"
import { wake } from "./wake.ts"

/**
 * Lets effects about the same name run one after the other, in the order in which they entered; those about other names
 * run beside them. A name is remembered only while somebody is in its lane.
 */
export class Lanes {
  private readonly lanes = new Map<string, Chain<Ticket>>()
  private isClosed = false

  /** Whether nobody is in any lane of these names. */
  areFree(names: ReadonlyArray<string>): boolean {
    return this.lanes.size === 0 || !names.some((name) => this.lanes.has(name))
  }

  /**
   * Takes a position behind all those that are in the lanes of these names now.
   *
   * Whoever enters must leave: `run` sees to both. Entering by hand is for positions in several lanes at once.
   */
  enter(names: ReadonlyArray<string>): Ticket {
    const ticket = new Ticket()
    for (const name of names.length > 1 ? new Set(names) : names) {
      let lane = this.lanes.get(name)
      if (lane === undefined) this.lanes.set(name, (lane = new Chain()))
      ticket.join(lane, () => this.lanes.delete(name))
    }
    if (this.isClosed) ticket.proceed()
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

  /** Runs an effect in its turn, unless that does not come within a number of milliseconds. */
  runWithin<E, R>(
    names: ReadonlyArray<string>,
    millis: number,
    effect: Effect.Effect<void, E, R>
  ): Effect.Effect<void, E, R> {
    return Effect.suspend(() => {
      let ticket: Ticket | undefined
      const entered = Effect.suspend(() => {
        ticket = this.enter(names)
        return Effect.flatMap(Effect.timeoutOption(ticket.turn, millis), (turn) =>
          Option.isSome(turn) ? effect : Effect.void
        )
      })
      return Effect.onExitPrimitive(entered, () => ticket?.leave() as undefined)
    })
  }

  /**
   * Lets everybody go on without waiting, now and from now on. Their effects must see for themselves that there is nothing
   * to do any more.
   */
  close(): void {
    this.isClosed = true
    for (const lane of this.lanes.values()) {
      for (let link = lane.first; link !== undefined; link = link.next) link.value.proceed()
    }
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

interface Position {
  readonly lane: Chain<Ticket>
  readonly link: Link<Ticket>
  readonly onEmpty: () => void
}

/** A position in lanes. */
export class Ticket {
  private positions: Array<Position> = []
  /** In how many of the lanes somebody is before. */
  private behind = 0
  private onTurn: (() => void) | undefined

  join(lane: Chain<Ticket>, onEmpty: () => void): void {
    if (lane.first !== undefined) this.behind++
    this.positions.push({ lane, link: lane.push(this), onEmpty })
  }

  /** Waits until all before have left. */
  get turn(): Effect.Effect<void> {
    return Effect.withFiber((fiber) =>
      this.behind <= 0
        ? Effect.void
        : Effect.callback((resume) => {
            // The turn may have come between this step and the one before.
            if (this.behind <= 0) return resume(Effect.void)
            this.onTurn = () => wake(fiber, resume, Effect.void)
          })
    )
  }

  /** Goes on, whoever is before. */
  proceed(): void {
    this.behind = 0
    this.onTurn?.()
  }

  /** Lets the next ones in. Whoever is interrupted while it waits leaves nothing behind. */
  leave(): void {
    const { positions } = this
    this.positions = []
    for (const { lane, link, onEmpty } of positions) {
      const wasFirst = lane.first === link
      lane.remove(link)
      if (lane.first === undefined) onEmpty()
      else if (wasFirst) lane.first.value.comeForward()
    }
  }

  private comeForward(): void {
    if (--this.behind === 0) this.onTurn?.()
  }
}
