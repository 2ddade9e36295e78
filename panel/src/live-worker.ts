// One connection for all tabs of a browser: it reads the live events and hands them to every tab.
/// <reference lib="webworker" />
import { follow, type Word } from './live-source'

const ports = new Set<MessagePort>()
let last: Word = { state: 'connecting' }
let started = false

const tell = (word: Word) => {
  if (word.state) last = word
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
}
