/** Components that pages use by name. The theme registers them. */
import type { Component } from "vue"
import StackDiagram from "./StackDiagram.ts"

export const components: ReadonlyArray<readonly [name: string, component: Component]> = [["StackDiagram", StackDiagram]]
