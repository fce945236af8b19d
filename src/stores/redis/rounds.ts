import * as Effect from "effect/Effect"
import type { Cluster } from "ioredis"
import type { CallBase } from "../../driver/Call.ts"
import { StoreUnavailableError } from "../../KeyValueError.ts"
import type { Failure } from "./commands.ts"
import type { Connection } from "./connection.ts"
import { readyOf, type Topology, topologyOf } from "./topology.ts"

/** How many times to read slots that move during every read. */
const maxRounds = 8

/**
 * One pass through a cluster, in which each slot is read from its master.
 *
 * Slots can move while a master is read. So all masters are asked for their slots again at the end, and slots that have
 * moved are read in another round. While a slot is being moved, each of its keys is on one of two masters. The source
 * is read first and then the target, so that no key is missed. (A slot that moves away and back in between is not
 * noticed.)
 */
export interface Round {
  readonly number: number
  readonly slots: ReadonlyMap<number, Reading>
  readonly steps: ReadonlyArray<Step>
  /** The index of the next step. */
  readonly step: number
}

/** The masters from which a slot is read. */
interface Reading {
  readonly owner: string
  /** The master to which the slot is being moved. */
  readonly target: string | undefined
}

/** One read of a master, either for the slots that it owns, or for the slots that are being moved to it. */
interface Step {
  readonly id: string
  readonly address: string
  readonly as: "owner" | "target"
}

/** Returns the address of the master that is read next. */
export const addressOf = ({ steps, step }: Round): string => steps[step]!.address

/** Returns whether the next step reads this slot. */
export const isRead = ({ slots, steps, step }: Round, slot: number): boolean => {
  const reading = slots.get(slot)
  const { id, as } = steps[step]!
  return reading !== undefined && (as === "owner" ? reading.owner : reading.target) === id
}

export const firstRound = (connection: Connection, client: Cluster, call: CallBase): Effect.Effect<Round, Failure> =>
  Effect.andThen(
    Effect.suspend(() => readyOf(connection, client, call)),
    Effect.map(topologyOf(connection, client, call), (topology) => roundOf(topology, 1, topology.owners.keys()))
  )

const roundOf = (topology: Topology, number: number, slots: Iterable<number>): Round => {
  const readings = new Map<number, Reading>()
  const steps = { owner: new Map<string, Step>(), target: new Map<string, Step>() }
  const add = (as: Step["as"], id: string) => {
    const master = topology.masters.get(id)
    if (master !== undefined && !steps[as].has(id)) steps[as].set(id, { id, address: master.address, as })
  }
  for (const slot of slots) {
    const reading = readingOf(topology, slot)
    readings.set(slot, reading)
    add("owner", reading.owner)
    if (reading.target !== undefined) add("target", reading.target)
  }
  return { number, slots: readings, steps: [...steps.owner.values(), ...steps.target.values()], step: 0 }
}

const readingOf = ({ masters, owners }: Topology, slot: number): Reading => {
  const owner = owners[slot]!
  return { owner, target: masters.get(owner)!.view.leaving.get(slot) }
}

/** Returns the round after a step, or `undefined` if everything has been read. */
export const nextRound: (
  connection: Connection,
  client: Cluster,
  call: CallBase,
  round: Round
) => Effect.Effect<Round | undefined, Failure> = Effect.fnUntraced(function* (connection, client, call, round) {
  if (round.step + 1 < round.steps.length) return { ...round, step: round.step + 1 }
  const topology = yield* topologyOf(connection, client, call)
  const left = Array.from(round.slots).flatMap(([slot, reading]) =>
    wasRead(round, reading, readingOf(topology, slot)) ? [] : [slot]
  )
  if (left.length === 0) return undefined
  if (round.number < maxRounds) return roundOf(topology, round.number + 1, left)
  return yield* new StoreUnavailableError({
    ...call.place,
    reason: `${left.length} slots of the cluster kept moving while they were read`,
    sent: false
  })
})

/** Returns whether a slot was read from the masters that have its keys now. */
const wasRead = ({ steps }: Round, { owner, target }: Reading, now: Reading): boolean => {
  if (target === undefined) return now.target === undefined && now.owner === owner
  const wasTargetRead = steps.some(({ as, id }) => as === "target" && id === target)
  return wasTargetRead && (now.owner === target || (now.target === target && now.owner === owner))
}
