import type { ComponentChildren, VNode } from 'preact'

/** Something to mind, with a title of its own. */
export const Note = ({
  id,
  title,
  children,
}: {
  /** Of the title; unique on the page. */
  readonly id: string
  readonly title: string
  readonly children: ComponentChildren
}): VNode => (
  <div class="note warn" role="note" aria-labelledby={id}>
    <strong id={id}>{title}</strong>
    {children}
  </div>
)
