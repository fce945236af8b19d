/** The state of the page: the scenario, its run, and the address that holds the scenario. */
import { computed, onBeforeUnmount, onMounted, ref, shallowRef } from "vue"
import { defaultScenario, type Preset, presets } from "../engine/presets.ts"
import { optionsOf } from "../engine/wrappers.ts"
import type { Run, Scenario, Summary } from "../model.ts"
import { type Engine, startEngine } from "./engine.ts"

/** Changes that follow each other within this time in milliseconds, as those of a slider, count as one change. */
const burst = 1000

/** The same text for scenarios that differ only in options that are left out because they have their default. */
const textOf = ({ seed, seconds, stack, load, latency, faults }: Scenario): string =>
  JSON.stringify([
    seed,
    seconds,
    stack.map((wrapper) => [wrapper.name, optionsOf(wrapper)]),
    [load.rate, load.writes, load.keys, load.hot, load.reads, load.ttl],
    [latency.p50, latency.p99],
    faults.map(({ kind, from, until, amount }) => [kind, from, until, amount])
  ])

const known = new Map(presets.map((preset) => [textOf(preset.scenario), preset]))

/** The preset whose scenario this is. */
export const presetOf = (scenario: Scenario): Preset | undefined => known.get(textOf(scenario))

/** Reads and writes links. It needs Effect's Schema, so it is loaded after the page is shown. */
const links = () => import("../engine/link.ts")

/** `onChosen` gets the run of a scenario that was chosen or read from a link, but not those of edits. */
export const usePage = (onChosen: (run: Run) => void) => {
  const scenario = shallowRef<Scenario>(defaultScenario)
  const run = shallowRef<Run>()
  /** The numbers that those of the run are compared with. */
  const before = shallowRef<Summary>()
  /** What these numbers are: those before the last change, or those of the scenario that the lesson compares with. */
  const against = ref<"edit" | "versus">()
  /** The preset that was chosen last, which the reader may have changed since. */
  const origin = shallowRef<Preset>()
  const message = ref("")
  const busy = ref(true)
  let engine: Engine | undefined
  let isChosen = true
  /** The fragment of the address that the page shows. */
  let fragment: string | undefined
  let lastRun = 0
  let writing: ReturnType<typeof setTimeout> | undefined
  let asking: ReturnType<typeof setTimeout> | undefined

  const show = (next: Run): void => {
    const now = performance.now()
    if (isChosen) {
      before.value = undefined
      against.value = undefined
    } else if (now - lastRun > burst) {
      before.value = run.value?.summary
      against.value = "edit"
    }
    lastRun = now
    busy.value = false
    message.value = message.value.startsWith("This stack") ? "" : message.value
    run.value = next
    if (isChosen) {
      isChosen = false
      onChosen(next)
      const versus = presetOf(next.scenario)?.versus
      if (versus !== undefined) engine?.ask(versus, compare)
    }
  }
  const compare = ({ summary }: Run): void => {
    before.value = summary
    against.value = "versus"
  }
  const fail = (error: string): void => {
    busy.value = false
    message.value = `This stack cannot be run: ${error}`
  }
  const ask = (wait: number): void => {
    clearTimeout(asking)
    busy.value = true
    asking = setTimeout(() => engine?.ask(scenario.value, show), wait)
  }

  /** Writes the scenario into the address. A chosen scenario gets an entry in the history, an edited one does not. */
  const write = (method: "pushState" | "replaceState"): void => {
    clearTimeout(writing)
    writing = setTimeout(
      () => {
        const wanted = scenario.value
        links().then(({ encode }) => {
          if (wanted !== scenario.value) return
          fragment = encode(wanted)
          const address = `${location.pathname}${location.search}#${fragment}`
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
    message.value = ""
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
    const hash = location.hash.slice(1)
    // A link to a heading of the page leaves the scenario as it is.
    const isHeading = hash !== "" && document.getElementById(hash) !== null
    if (isHeading && fragment !== undefined) return
    const found = isHeading ? "" : hash
    // A step back in the history is reported twice.
    if (found === fragment) return
    fragment = found
    isChosen = true
    const decoded = found === "" ? { scenario: defaultScenario, problem: undefined } : (await links()).decode(found)
    message.value = decoded.problem ?? ""
    origin.value = undefined
    set(decoded.scenario)
    ask(0)
    write("replaceState")
  }

  const back = (): void => void read()
  onMounted(() => {
    engine = startEngine(fail)
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

  /** The address of the page with the scenario. */
  const linkOf = async (): Promise<string> =>
    `${location.origin}${location.pathname}${location.search}#${(await links()).encode(scenario.value)}`

  const preset = computed(() => presetOf(scenario.value))
  return { scenario, run, before, against, preset, origin, message, busy, edit, choose, linkOf }
}
