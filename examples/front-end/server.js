// Serves a page on an origin of its own that answers for people at a device-grant server:
//
//   FRONT_END_ORIGINS=http://localhost:5173 npm start
//   node examples/front-end/server.js
//
// PORT (5173) and DEVICE_GRANT_URL (http://localhost:3000) say where both of them are.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

const { PORT = '5173', DEVICE_GRANT_URL = 'http://localhost:3000' } = process.env
const page = await readFile(new URL('page.html', import.meta.url), 'utf8')
const html = page.replaceAll('DEVICE_GRANT_URL', DEVICE_GRANT_URL.replace(/\/+$/, ''))

const headers = {
  'Content-Type': 'text/html; charset=utf-8',
  // In a frame of another site, people could be led to answer without seeing what.
  'Content-Security-Policy': "frame-ancestors 'none'",
}

createServer((request, response) => {
  if (request.url !== '/') return response.writeHead(404).end()
  return response.writeHead(200, headers).end(html)
}).listen(Number(PORT), '127.0.0.1', () => console.log(`http://localhost:${PORT}`))
