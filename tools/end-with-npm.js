// Ends this process when the npm that started it has ended.
//
// npm passes SIGTERM to the shell between them, and most shells end without passing it on.
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 200)
  watch.unref()
}
