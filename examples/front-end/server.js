// Serves a page that shows, approves and denies codes of a device-grant server on another origin:
//
//   FRONT_END_ORIGINS=http://localhost:5173 VERIFICATION_URI=http://localhost:5173 npm start
//   node examples/front-end/server.js
//
// PORT is the port of this page (default 5173), DEVICE_GRANT_URL the URL of the device-grant server
// (default http://localhost:3000).
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

const { PORT = '5173', DEVICE_GRANT_URL = 'http://localhost:3000' } = process.env
const page = await readFile(new URL('page.html', import.meta.url), 'utf8')
const html = page.replaceAll('DEVICE_GRANT_URL', DEVICE_GRANT_URL.replace(/\/+$/, ''))

const headers = {
  'Content-Type': 'text/html; charset=utf-8',
  // Another site could put the page into an invisible frame and trick people into clicking Approve.
  'Content-Security-Policy': "frame-ancestors 'none'",
}

createServer((request, response) => {
  // Devices may show the address with the code in its query.
  if (!/^\/(\?|$)/.test(request.url)) return response.writeHead(404).end()
  return response.writeHead(200, headers).end(html)
}).listen(Number(PORT), '127.0.0.1', () => console.log(`http://localhost:${PORT}`))
