import type { Component } from "../../Health.ts"
import type { Circuit } from "./Circuit.ts"

/** Reports the state of the circuits after one of them has changed. */
export const tell = (health: Component, per: "store" | "collection", circuits: ReadonlyArray<Circuit>): void => {
  const [first] = circuits
  const notClosed = circuits.filter(({ state }) => state._tag !== "closed").length
  if (notClosed === 0) health.to("up", per === "store" ? "The circuit is closed." : "All circuits are closed.")
  else if (per === "collection") {
    const status = circuits.every(({ state }) => state._tag === "open") ? "down" : "degraded"
    health.to(status, `${notClosed} of ${circuits.length} circuits are open or probing.`)
  } else if (first!.state._tag === "half_open") {
    health.to("degraded", "The circuit is probing. Some calls are let through, and all others are rejected.")
  } else {
    const { openFor } = first!.state.openings
    health.to("down", `The circuit has opened. All calls are rejected for ${Math.round(openFor)} ms.`)
  }
}
