/** Writes docs/reference/options.md. */
import { writeFileSync } from "node:fs"
import { page } from "./page.ts"

writeFileSync(new URL("../../docs/reference/options.md", import.meta.url), page())
