// One connection for all tabs of a browser: it reads the live events and hands them to every tab.
/// <reference lib="webworker" />
import { follow, type Word } from './live-source'

const ports = new Set<MessagePort>()
let last: Word = { state: 'connecting' }
let started = false

/** What a tab that is just opening may have missed between its page and its first word to us. */
const RECENT = 15_000
let recent: { at: number; word: Word }[] = []

const tell = (word: Word) => {
  if (word.state) last = word
  else recent = [...recent.filter((one) => one.at > Date.now() - RECENT), { at: Date.now(), word }]
  for (const port of ports) port.postMessage(word)
}

;(self as unknown as SharedWorkerGlobalScope).onconnect = (event) => {
  const port = event.ports[0]
  if (!port) return
  ports.add(port)
  port.onmessage = (message) => {
    if (message.data.bye) ports.delete(port)
    else if (message.data.address && !started) {
      started = true
      follow(message.data.address, tell)
    }
  }
  port.postMessage(last)
  for (const one of recent) if (one.at > Date.now() - RECENT) port.postMessage(one.word)
}
