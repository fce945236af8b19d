import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Chain, type Link } from "./Chain.ts"
import { isShared } from "./request.ts"
import { wake } from "./wake.ts"

/**
 * Runs effects that share a name one after another, in the order in which they arrive. Other effects run concurrently.
 * A name takes memory only while its lane is in use.
 */
export class Lanes {
  private readonly lanes = new Map<string, Chain<Ticket>>()
  private isClosed = false

  /** Whether none of these names is in use. */
  areFree(names: ReadonlyArray<string>): boolean {
    return this.lanes.size === 0 || !names.some((name) => this.lanes.has(name))
  }

  /**
   * Runs an effect after all earlier effects with one of its names have ended.
   *
   * On Cloudflare Workers, where requests share nothing, the effect runs at once. If requests waited in lanes there, a
   * request that the runtime ends would keep its place in its lanes, and block them forever.
   */
  run<A, E, R>(names: ReadonlyArray<string>, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.withFiber((fiber) =>
      isShared(fiber) ? this.withTicket(names, (ticket) => Effect.andThen(ticket.turn, effect)) : effect
    )
  }

  /** Like `run`, but skips the effect if its turn does not come within `millis`. Also waits on Workers. */
  runWithin<E, R>(
    names: ReadonlyArray<string>,
    millis: number,
    effect: Effect.Effect<void, E, R>
  ): Effect.Effect<void, E, R> {
    return this.withTicket(names, (ticket) =>
      Effect.flatMap(Effect.timeoutOption(ticket.turn, millis), (turn) => (Option.isSome(turn) ? effect : Effect.void))
    )
  }

  /**
   * Ends all current waits, and makes every later wait end at once. The effects still run, and must check whether there
   * is anything left to do.
   */
  close(): void {
    this.isClosed = true
    for (const lane of this.lanes.values()) for (const ticket of lane) ticket.proceed()
  }

  /** Gives the ticket up when the effect ends or is interrupted, even while it waits for its turn. */
  private withTicket<A, E, R>(
    names: ReadonlyArray<string>,
    use: (ticket: Ticket) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      let ticket: Ticket | undefined
      // Taken inside `onExit`. Otherwise, an interruption before `onExit` would leave the ticket in its lanes forever.
      const entered = Effect.suspend(() => use((ticket = this.enter(names))))
      return Effect.onExitPrimitive(entered, () => ticket?.leave() as undefined)
    })
  }

  /** Returns a ticket behind all tickets that are in the lanes of these names now. */
  private enter(names: ReadonlyArray<string>): Ticket {
    const ticket = new Ticket()
    for (const name of names.length > 1 ? new Set(names) : names) {
      let lane = this.lanes.get(name)
      if (lane === undefined) this.lanes.set(name, (lane = new Chain()))
      ticket.join(lane, () => this.lanes.delete(name))
    }
    if (this.isClosed) ticket.proceed()
    return ticket
  }
}

interface Position {
  readonly lane: Chain<Ticket>
  readonly link: Link<Ticket>
  readonly onEmpty: () => void
}

/** A position in each of one or more lanes. */
class Ticket {
  private positions: Array<Position> = []
  /** The number of lanes in which another ticket is in front of this one. */
  private blockedLanes = 0
  private onTurn: (() => void) | undefined

  join(lane: Chain<Ticket>, onEmpty: () => void): void {
    if (lane.first !== undefined) this.blockedLanes++
    this.positions.push({ lane, link: lane.push(this), onEmpty })
  }

  /** Waits until this ticket is first in all its lanes. */
  get turn(): Effect.Effect<void> {
    return Effect.withFiber((fiber) =>
      this.blockedLanes <= 0
        ? Effect.void
        : Effect.callback((resume) => {
            // The fiber may have yielded since the check above.
            if (this.blockedLanes <= 0) return resume(Effect.void)
            this.onTurn = () => wake(fiber, resume, Effect.void)
          })
    )
  }

  /** Ends the wait now, even if other tickets are in front. */
  proceed(): void {
    this.blockedLanes = 0
    this.onTurn?.()
  }

  /** Gives up all positions. An interrupted ticket may leave before its turn. */
  leave(): void {
    const { positions } = this
    this.positions = []
    for (const { lane, link, onEmpty } of positions) {
      const wasFirst = lane.first === link
      lane.remove(link)
      if (lane.first === undefined) onEmpty()
      else if (wasFirst) lane.first.value.becomeFirst()
    }
  }

  private becomeFirst(): void {
    if (--this.blockedLanes === 0) this.onTurn?.()
  }
}
