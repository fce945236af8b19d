import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const directory = fileURLToPath(new URL(".", import.meta.url))

/** Installs the libraries that the benchmark compares with, if they are missing. */
export const installPeers = (): void => {
  if (existsSync(`${directory}node_modules`)) return
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: directory, stdio: "inherit" })
}
