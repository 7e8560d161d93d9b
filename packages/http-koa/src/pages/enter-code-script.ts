/**
 * Converts a code to upper case as it is typed. Only ASCII letters change, so the caret stays. A code
 * that was refused is put back and selected, so that the next one replaces it.
 */
export const ENTER_CODE_SCRIPT: string = `const field = document.getElementById('user_code')
const { typed } = field.dataset
if (typed && field.value === '') {
  field.value = typed
  if (document.activeElement === field) field.select()
  else field.addEventListener('focus', () => field.select(), { once: true })
}
const upperCase = () => {
  const upper = field.value.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
  if (upper === field.value) return
  const { selectionStart, selectionEnd, selectionDirection } = field
  field.value = upper
  field.setSelectionRange(selectionStart, selectionEnd, selectionDirection)
}
field.addEventListener('input', (event) => {
  if (!event.isComposing) upperCase()
})
field.addEventListener('compositionend', upperCase)
`
