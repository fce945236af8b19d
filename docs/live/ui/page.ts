/** The state of the page: the scenario, its run, and the address that holds the scenario. */
import { computed, onBeforeUnmount, onMounted, ref, shallowRef } from "vue"
import { defaultScenario, type Preset, presets } from "../engine/presets.ts"
import type { Run, Scenario, Summary } from "../model.ts"
import { type Engine, startEngine } from "./engine.ts"

/** Changes that follow each other within this time in milliseconds, as those of a slider, count as one change. */
const burst = 1000

const textOf = (scenario: Scenario): string => JSON.stringify(scenario)

const known = new Map(presets.map((preset) => [textOf(preset.scenario), preset]))

/** The preset whose scenario this is. */
export const presetOf = (scenario: Scenario): Preset | undefined => known.get(textOf(scenario))

/** Reads and writes links. It needs Effect's Schema, so it is loaded after the page is shown. */
const links = () => import("../engine/link.ts")

/** `onPreset` is called when a scenario was chosen, in contrast to edited. */
export const usePage = (onChosen: (run: Run) => void) => {
  const scenario = shallowRef<Scenario>(defaultScenario)
  const run = shallowRef<Run>()
  /** The numbers before the last change. */
  const before = shallowRef<Summary>()
  /** The preset that was chosen last, which the reader may have changed since. */
  const origin = shallowRef<Preset>()
  const message = ref("")
  const busy = ref(true)
  let engine: Engine | undefined
  let isChosen = true
  let lastRun = 0
  let writing: ReturnType<typeof setTimeout> | undefined
  let asking: ReturnType<typeof setTimeout> | undefined

  const show = (next: Run): void => {
    const now = performance.now()
    if (isChosen) before.value = undefined
    else if (now - lastRun > burst) before.value = run.value?.summary
    lastRun = now
    busy.value = false
    message.value = message.value.startsWith("This stack") ? "" : message.value
    run.value = next
    if (isChosen) {
      isChosen = false
      onChosen(next)
    }
  }
  const fail = (error: string): void => {
    busy.value = false
    message.value = `This stack cannot be run: ${error}`
  }
  const ask = (wait: number): void => {
    clearTimeout(asking)
    busy.value = true
    asking = setTimeout(() => engine?.ask(scenario.value), wait)
  }

  /** Writes the scenario into the address. A chosen scenario gets an entry in the history, an edited one does not. */
  const write = (method: "pushState" | "replaceState"): void => {
    clearTimeout(writing)
    writing = setTimeout(
      () => {
        const wanted = scenario.value
        links().then(({ encode }) => {
          if (wanted !== scenario.value) return
          const address = `${location.pathname}${location.search}#${encode(wanted)}`
          // VitePress scrolls to this position when the reader comes back.
          if (method === "pushState") history.replaceState({ scrollPosition: window.scrollY }, "")
          history[method]({ scrollPosition: window.scrollY }, "", address)
        })
      },
      method === "pushState" ? 0 : 400
    )
  }
  const set = (next: Scenario): void => {
    scenario.value = next
    origin.value = presetOf(next) ?? origin.value
  }

  const edit = (next: Scenario): void => {
    if (next === scenario.value) return
    set(next)
    ask(40)
    write("replaceState")
  }
  const choose = (next: Scenario): void => {
    isChosen = true
    message.value = ""
    set(next)
    ask(0)
    write("pushState")
  }
  /** Shows the scenario of the address. */
  const read = async (): Promise<void> => {
    const fragment = location.hash.slice(1)
    isChosen = true
    message.value = ""
    if (fragment === "") set(defaultScenario)
    else {
      const decoded = (await links()).decode(fragment)
      message.value = decoded.message ?? ""
      origin.value = undefined
      set(decoded.scenario)
    }
    ask(0)
  }

  const back = (): void => void read()
  onMounted(() => {
    engine = startEngine(show, fail)
    window.addEventListener("popstate", back)
    window.addEventListener("hashchange", back)
    void read()
  })
  onBeforeUnmount(() => {
    clearTimeout(writing)
    clearTimeout(asking)
    engine?.close()
    window.removeEventListener("popstate", back)
    window.removeEventListener("hashchange", back)
  })

  const preset = computed(() => presetOf(scenario.value))
  return { scenario, run, before, preset, origin, message, busy, edit, choose }
}
