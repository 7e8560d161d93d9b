import type { VNode } from 'preact'
import { Untrusted } from './untrusted.tsx'

/** The name of a key. No line breaks within its last word, which is the code of the device. */
export const KeyName = ({ children }: { readonly children: string }): VNode => {
  const lastWord = children.lastIndexOf(' ') + 1
  return (
    <>
      <Untrusted>{children.slice(0, lastWord)}</Untrusted>
      <span class="whole">
        <Untrusted>{children.slice(lastWord)}</Untrusted>
      </span>
    </>
  )
}
