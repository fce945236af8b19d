/** The Chromium that tests open pages in: the program in `CHROMIUM`, else one on the PATH, else Debian's package. */
import { spawnSync } from "node:child_process"
import { isInstalled, problemOf } from "./process.ts"

const name = process.env.CHROMIUM ?? ["chromium", "chromium-browser", "google-chrome"].find(isInstalled) ?? "chromium"

/** Why there is no Chromium, or `undefined` if there is one. */
export const problem: string | undefined = problemOf(name, "chromium")

/** The path of the program. */
export const chromium: string = spawnSync("which", [name], { encoding: "utf8" }).stdout.trim()

/** Without a display, and without calls to servers of its maker. */
export const args: ReadonlyArray<string> = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]
