// Colleagues see that an answer is being written: said at most every eight seconds, shown for twelve.
import { find, from, meta, naming, on, openId } from './page'

const SAY_EVERY = 8000
const SHOWN = 12_000
let saidAt = 0
let timer = 0

function say(): void {
  const form = find('#reply-form')
  if (!form?.dataset.typing || form.dataset.mode === 'note' || Date.now() - saidAt < SAY_EVERY) return
  saidAt = Date.now()
  void fetch(form.dataset.typing, { method: 'POST', headers: { 'X-CSRF-Token': meta('csrf-token'), 'HX-Request': 'true' } }).catch(() => null)
}

function show(name: string): void {
  const line = find('#typing')
  if (!line) return
  line.textContent = naming(line.dataset.words, name)
  line.hidden = false
  clearTimeout(timer)
  timer = window.setTimeout(() => (line.hidden = true), SHOWN)
}

export function startTyping(): void {
  on('input', (event) => {
    if (from<HTMLTextAreaElement>(event, '#reply-form #text')?.value.trim()) say()
  })
  on<CustomEvent>('live:typing', (event) => {
    const { conversation_id: id, agent_id: agent, name } = event.detail
    if (String(id) === openId() && String(agent) !== document.body.dataset.agent) show(String(name))
  })
  on<CustomEvent>('live:message', (event) => {
    const line = find('#typing')
    if (line && String(event.detail.conversation_id) === openId()) line.hidden = true
  })
}
