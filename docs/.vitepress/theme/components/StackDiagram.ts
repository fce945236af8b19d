/// <reference types="vite/client" />
/** The recommended order of wrappers, as a diagram whose boxes are links. It is static markup: it works without JavaScript. */
import { withBase } from "vitepress"
import { defineComponent, h } from "vue"
import { orderDiagram } from "../../../tools/drawing.ts"
import "./StackDiagram.css"

export default defineComponent({
  name: "StackDiagram",
  render: () => h("div", { class: "stack-diagram", innerHTML: orderDiagram(withBase) })
})
