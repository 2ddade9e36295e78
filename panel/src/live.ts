// What happens elsewhere, as it happens: rows, numbers and the open thread follow; a lost connection is said quietly.
import { follow, type Happened, type Word } from './live-source'
import { refreshRows, reloadList, rows } from './list'
import { find, htmx, on, onLost, openId } from './page'
import { refreshThread } from './thread'

const LOST_AFTER = 2500
let lostTimer = 0
let wasLost = false
let threadTimer = 0

function refreshThreadSoon(): void {
  clearTimeout(threadTimer)
  threadTimer = window.setTimeout(refreshThread, 80)
}

function hear(event: Happened): void {
  const id = event.ref.conversation_id
  if (event.kind === 'typing') {
    document.body.dispatchEvent(new CustomEvent('live:typing', { detail: event.ref }))
    return
  }
  if (id !== undefined && id !== null) {
    refreshRows([String(id)])
    if (String(id) === openId()) refreshThreadSoon()
  } else if (event.kind === 'hours') catchUp() // any row's clock may be another now
  else htmx.trigger(document.body, 'otklik:counts', {})
  if (event.kind === 'post') refreshThreadSoon() // the open talk may stand under it
  document.body.dispatchEvent(new CustomEvent(`live:${event.kind}`, { detail: event.ref }))
}

/** A request of the page itself got through, or not. */
function noteRequest(reached: boolean): void {
  if (!reached) find('#connection')?.setAttribute('data-lost', '')
  else if (!wasLost) find('#connection')?.removeAttribute('data-lost')
}

/** After a silence nobody knows what was missed: everything shown is asked for again. */
function catchUp(): void {
  if (rows().length) refreshRows(rows().map((one) => one.dataset.row ?? ''))
  else void reloadList()
  refreshThreadSoon()
  htmx.trigger(document.body, 'otklik:caught-up', {})
}

function note(word: Word): void {
  const bar = find('#connection')
  if (word.state === 'lost' && !wasLost) {
    wasLost = true
    lostTimer = window.setTimeout(() => bar?.setAttribute('data-lost', ''), LOST_AFTER)
  }
  if (word.state === 'open') {
    clearTimeout(lostTimer)
    bar?.removeAttribute('data-lost')
    if (wasLost) catchUp()
    wasLost = false
  }
  if (word.reset) catchUp()
  if (word.happened) hear(word.happened)
}

export function startLive(): void {
  const path = document.body.dataset.live
  if (!path) return
  const address = new URL(path, location.href).href
  addEventListener('online', catchUp)
  onLost(() => noteRequest(false))
  on('htmx:afterOnLoad', () => noteRequest(true))
  if (typeof SharedWorker === 'undefined') return follow(address, note)
  const worker = new SharedWorker(new URL('./live-worker.ts', import.meta.url), { type: 'module', name: `otklik-${document.body.dataset.agent}` })
  worker.port.onmessage = (event: MessageEvent<Word>) => note(event.data)
  worker.port.postMessage({ address })
  addEventListener('pagehide', () => worker.port.postMessage({ bye: true }))
}
