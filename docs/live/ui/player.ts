/** Playback: the time that the page shows. It changes in each frame, so it is no reactive value. */
import { onBeforeUnmount, ref, type ShallowRef } from "vue"
import type { Run } from "../model.ts"

export const speeds = [0.25, 0.5, 1, 2, 4] as const

export interface Player {
  /** The time in milliseconds of the run. */
  readonly now: () => number
  readonly seek: (time: number) => void
  readonly play: () => void
  readonly pause: () => void
  readonly toggle: () => void
  /** Calls a function in each frame, and whenever the time changes. */
  readonly onFrame: (frame: (time: number) => void) => void
  /** Draws again, because something else than the time has changed. */
  readonly redraw: () => void
}

export const usePlayer = (run: Readonly<ShallowRef<Run | undefined>>) => {
  const playing = ref(false)
  const speed = ref(1)
  /** The time in steps of 250 milliseconds, for everything that need not change in each frame. */
  const tick = ref(0)
  /** Milliseconds that the script took for the last frames, for measurements. */
  const costs: Array<number> = []
  let time = 0
  let last = 0
  let request = 0
  const frames: Array<(time: number) => void> = []

  const length = () => run.value?.stoppedAt ?? (run.value?.scenario.seconds ?? 0) * 1000

  const show = (): void => {
    const before = performance.now()
    for (const frame of frames) frame(time)
    const next = Math.min(Math.floor(time / 250), Math.max(0, Math.ceil(length() / 250) - 1))
    if (next !== tick.value) tick.value = next
    costs.push(performance.now() - before)
    if (costs.length > 600) costs.shift()
  }
  const step = (stamp: number): void => {
    request = requestAnimationFrame(step)
    // After a pause of the browser, such as a hidden tab, the playback goes on where it was.
    time += Math.min(100, stamp - last) * speed.value
    last = stamp
    if (time >= length()) {
      time = length()
      player.pause()
    }
    show()
  }

  const player: Player = {
    now: () => time,
    seek: (to) => {
      time = Math.max(0, Math.min(length(), to))
      show()
    },
    play: () => {
      if (playing.value || run.value === undefined) return
      if (time >= length()) time = 0
      playing.value = true
      last = performance.now()
      request = requestAnimationFrame(step)
    },
    pause: () => {
      playing.value = false
      cancelAnimationFrame(request)
    },
    toggle: () => (playing.value ? player.pause() : player.play()),
    onFrame: (frame) => {
      frames.push(frame)
    },
    redraw: show
  }
  onBeforeUnmount(player.pause)
  return { player, playing, speed, tick, costs }
}
