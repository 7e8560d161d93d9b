import { keyNameOf } from '@device-grant/core'
import type { VNode } from 'preact'
import type { Page } from './pages.ts'
import { PrintableText } from './printable-text.tsx'
import { fillIn } from './texts/fill-in.tsx'

/**
 * The name of a key in the reader's language. A new key is stored with an English name that holds the
 * user code; any other name is returned as it is.
 */
export const translateKeyName = (storedName: string, { locale, texts }: Page): string => {
  const [, userCode = ''] = /\(([^()]*)\)$/.exec(storedName) ?? []
  return storedName === keyNameOf(userCode)
    ? fillIn(locale, texts.device.keyName, { userCode })
    : storedName
}

/** The name of a key. Its last word is the user code, so it never breaks across lines. */
export const KeyName = ({ children }: { readonly children: string }): VNode => {
  const lastWord = children.lastIndexOf(' ') + 1
  return (
    <>
      <PrintableText>{children.slice(0, lastWord)}</PrintableText>
      <span class="whole">
        <PrintableText>{children.slice(lastWord)}</PrintableText>
      </span>
    </>
  )
}
