import { readdirSync } from "node:fs"
import { join } from "node:path"

/** The files below a directory that contain no entry. */
export const asides = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tmp"))
    .map((name) => join(directory, name))
