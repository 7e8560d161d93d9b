// Runs a program of this repository, installed and built: node tools/run.js program [argument…]
//
// The program runs in this process, since a child could outlive it.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import './end-with-npm.js'
import './prepare.js'

const [node, , program, ...args] = process.argv
const path = resolve(program)
process.argv = [node, path, ...args]
process.setSourceMapsEnabled(true)
if (existsSync('.env')) process.loadEnvFile('.env')
await import(pathToFileURL(path).href)
