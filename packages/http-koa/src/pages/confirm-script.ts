/** Shows until when the device is connected, as the person chooses. */
export const CONFIRM_SCRIPT: string = `const lifetime = document.getElementById('lifetime')
const until = document.querySelector('.until')
lifetime?.addEventListener('change', () => {
  if (until) until.textContent = lifetime.selectedOptions[0].dataset.until
})
`
