/** Writes the diagram of the rooms to docs/architecture.md. */
import { readFileSync, writeFileSync } from "node:fs"
import { withRooms } from "./rooms.ts"

const page = new URL("../../docs/architecture.md", import.meta.url)

writeFileSync(page, withRooms(readFileSync(page, "utf8")))
