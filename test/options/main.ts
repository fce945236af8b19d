/** Writes docs/options.md. */
import { writeFileSync } from "node:fs"
import { page } from "./page.ts"

writeFileSync(new URL("../../docs/options.md", import.meta.url), page())
