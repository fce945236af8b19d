/** The pages that are kept in the repository, as paths within docs/. */
import { globSync } from "node:fs"
import { docs } from "./paths.ts"

/** Folders that are made by `npm run docs:build`. */
const generated = ["node_modules/", "reference/api/", "source/"]

export const pages = (): ReadonlyArray<string> =>
  globSync("**/*.md", { cwd: docs })
    .filter((file) => !generated.some((folder) => file.startsWith(folder)))
    .sort()
