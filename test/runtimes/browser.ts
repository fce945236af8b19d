/** The program for browsers. Sends its results to the server of the page. */
import { KeyValueStore } from "effect/persistence"
import { effectStore, everywhere } from "./everywhere.ts"
import { run } from "./run.ts"

declare const localStorage: Parameters<typeof KeyValueStore.layerStorage>[0] extends () => infer Storage
  ? Storage
  : never

const steps = {
  ...everywhere,
  "`EffectStore` on `localStorage`": effectStore(KeyValueStore.layerStorage(() => localStorage))
}

run(steps).then((results) => fetch("/results", { method: "POST", body: JSON.stringify(results) }))
