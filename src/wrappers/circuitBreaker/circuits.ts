import { type Call, collectionOf } from "../../driver/Call.ts"
import type { Component } from "../../Health.ts"
import type { KeyValueError } from "../../KeyValueError.ts"
import { other } from "../../telemetry/attributes.ts"
import type { Meter } from "../../telemetry/metrics.ts"
import { Circuit, type State, type Timing } from "./Circuit.ts"
import type { Outcomes } from "./Outcomes.ts"
import { tell } from "./tell.ts"

export interface Policy extends Timing {
  readonly outcomes: () => Outcomes
  readonly per: "store" | "collection"
  readonly maxCollections: number
  readonly isFailure: (error: KeyValueError, call: Call) => boolean
}

const states: ReadonlyArray<State["_tag"]> = ["closed", "open", "half_open"]

/** Creates the circuits of a store, and returns a function that returns the circuit of a call. The circuit of a collection is created on first use. */
export const circuitsOf = (
  policy: Policy,
  { counter, gauge, label }: Meter,
  health: Component
): ((call: Call) => Circuit) => {
  const circuits = new Map<string | undefined, Circuit>()

  for (const state of states) {
    const read = () => [...circuits.values()].filter((circuit) => circuit.state._tag === state).length
    gauge("circuit_breaker.circuits", "Circuits by state", attributesOf(state), read)
  }

  const add = (collection: string | undefined): Circuit => {
    const name = collection === undefined ? undefined : label("circuit_breaker", collection, policy.maxCollections)
    const transitions = Object.fromEntries(
      states.map((state) => [
        state,
        counter("circuit_breaker.transitions", "Transitions to a state", attributesOf(state, name))
      ])
    ) as Record<State["_tag"], () => void>
    const circuit = new Circuit(policy.outcomes(), policy, (to) => {
      transitions[to]()
      tell(health, policy.per, [...circuits.values()])
    })
    circuits.set(collection, circuit)
    return circuit
  }

  if (policy.per === "store") {
    const circuit = add(undefined)
    return () => circuit
  }
  const known = (collection: string | undefined) => circuits.has(collection) || circuits.size < policy.maxCollections
  return (call) => {
    const collection = collectionOf(call)
    const name = known(collection) ? collection : other
    return circuits.get(name) ?? add(name)
  }
}

const attributesOf = (state: State["_tag"], collection?: string): Record<string, string> => ({
  "effect_kv.circuit_breaker.state": state,
  ...(collection !== undefined && { "db.collection.name": collection })
})
