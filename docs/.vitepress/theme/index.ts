import type { Theme } from "vitepress"
import DefaultTheme from "vitepress/theme"
import { components } from "./components/index.ts"

export default {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => {
    for (const [name, component] of components) app.component(name, component)
  }
} satisfies Theme
