import { WRITE_TIME } from './times-script.ts'

/** Shows until when the device is connected, as the person chooses. */
export const CONFIRM_SCRIPT: string = `{
${WRITE_TIME}
const lifetime = document.getElementById('lifetime')
const until = document.querySelector('.until time')
lifetime?.addEventListener('change', () => {
  if (!until) return
  until.dateTime = lifetime.selectedOptions[0].dataset.until
  writeTime(until)
})
}
`
