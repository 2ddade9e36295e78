// Writing: reply or note, a draft kept for each conversation, files, a counter, Ctrl+Enter, and sending seen at once.
import { find, findAll, from, on } from './page'
import { startCanned } from './canned'
import { look, startSending } from './sending'
import { toEnd } from './thread'
import { startTyping } from './typing'

type Mode = 'reply' | 'note'

const form = () => find<HTMLFormElement>('#reply-form')
const text = (of: HTMLFormElement) => find<HTMLTextAreaElement>('#text', of)
const draftName = (of: HTMLFormElement) => `otklik-draft:${of.dataset.draft}`

export function setMode(mode: Mode): void {
  const the = form()
  const button = the && find<HTMLButtonElement>(`[data-mode-button="${mode}"]`, the)
  if (!the || !button || button.disabled) return
  the.dataset.mode = mode
  for (const one of findAll('[data-mode-button]', the)) one.setAttribute('aria-pressed', String(one === button))
  for (const one of findAll('[data-for]', the)) one.hidden = one.dataset.for !== mode
  const note = find<HTMLInputElement>('[name="note"]', the)
  if (note) note.value = String(mode === 'note')
  const area = text(the)
  if (!area) return
  area.dataset.replyPlaceholder ??= area.placeholder
  area.placeholder = (mode === 'note' ? area.dataset.notePlaceholder : area.dataset.replyPlaceholder) ?? ''
}

export function write(mode: Mode): void {
  setMode(mode)
  const the = form()
  if (the) text(the)?.focus()
}

/** The field grows with its text; browsers that do it by themselves (field-sizing) are left alone. */
function grow(area: HTMLTextAreaElement): void {
  if (CSS.supports('field-sizing', 'content')) return
  area.style.height = 'auto'
  area.style.height = `${Math.min(area.scrollHeight, 240)}px`
}

function count(the: HTMLFormElement): void {
  const area = text(the)
  const counter = find('[data-counter]', the)
  if (!area || !counter) return
  const files = find<HTMLInputElement>('#files', the)?.files?.length ?? 0
  const limit = Number(files ? the.dataset.captionLimit : the.dataset.limit)
  const length = area.value.length
  counter.textContent = length ? `${length} / ${limit}` : ''
  counter.classList.toggle('text-error-ink', length > limit)
  const send = find<HTMLButtonElement>('[data-send]', the)
  if (send && !area.disabled) send.disabled = length > limit
}

function showFiles(the: HTMLFormElement): void {
  const shown = find('#files-shown', the)
  const files = find<HTMLInputElement>('#files', the)
  if (!shown || !files) return
  shown.replaceChildren(
    ...[...(files.files ?? [])].map((file, index) => {
      const chip = document.createElement('button')
      chip.type = 'button'
      chip.className = 'chip chip-plain cursor-pointer'
      chip.textContent = `${file.name} ×`
      chip.addEventListener('click', () => {
        const rest = new DataTransfer()
        for (const [at, one] of [...(files.files ?? [])].entries()) if (at !== index) rest.items.add(one)
        files.files = rest.files
        showFiles(the)
      })
      return chip
    }),
  )
  count(the)
}

function prepare(): void {
  const the = form()
  const area = the && text(the)
  if (!the || !area || the.dataset.ready) return
  the.dataset.ready = 'true'
  setMode((the.dataset.mode as Mode) ?? 'reply')
  const kept = localStorage.getItem(draftName(the))
  if (kept && !area.value) area.value = kept
  grow(area)
  count(the)
}

/** The words stand in the thread at once; the server's own bubble takes their place. */
function showAtOnce(the: HTMLFormElement): void {
  const said = text(the)?.value.trim()
  const template = find<HTMLTemplateElement>('#optimistic')
  if (!said || !template || the.dataset.mode === 'note') return
  const bubble = template.content.firstElementChild?.cloneNode(true) as HTMLElement
  bubble.id = 'message-on-its-way'
  const words = find('[data-text]', bubble)
  if (words) words.textContent = said
  find('#stream')?.append(bubble)
  toEnd()
}

/** What was sent leaves the field; what was typed since stays. */
function empty(the: HTMLFormElement): void {
  const area = text(the)
  const files = find<HTMLInputElement>('#files', the)
  const sent = the.dataset.sent ?? ''
  const rest = area?.value.startsWith(sent) ? area.value.slice(sent.length).trimStart() : (area?.value ?? '')
  if (rest) localStorage.setItem(draftName(the), rest)
  else localStorage.removeItem(draftName(the))
  if (area) area.value = rest
  if (files) files.value = ''
  const canned = find<HTMLInputElement>('[name="canned_response_id"]', the)
  if (canned) canned.disabled = true
  const at = find<HTMLInputElement>('[name="later_at"]', the)
  if (at) at.value = ''
  if (area) grow(area)
  showFiles(the)
  setMode('reply')
  look(the)
}

export function startComposer(): void {
  prepare()
  startCanned()
  startTyping()
  startSending()
  on('htmx:afterSettle', prepare)
  on('input', (event) => {
    const the = from<HTMLFormElement>(event, '#reply-form')
    const area = the && text(the)
    if (!the || !area) return
    if (area.value.trim()) localStorage.setItem(draftName(the), area.value)
    else localStorage.removeItem(draftName(the))
    grow(area)
    count(the)
  })
  on('change', (event) => {
    const the = from(event, '#files') && form()
    if (the) showFiles(the)
  })
  on('click', (event) => {
    const mode = from(event, '[data-mode-button]')?.dataset.modeButton
    if (mode) write(mode as Mode)
  })
  on<KeyboardEvent>('keydown', (event) => {
    const the = from<HTMLFormElement>(event, '#reply-form')
    if (the && event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      the.requestSubmit(find<HTMLButtonElement>('[data-send]', the))
    }
  })
  // One key a text: a form sent twice by a shaky connection writes once.
  on<CustomEvent>('htmx:configRequest', (event) => {
    const the = event.detail.elt as HTMLFormElement
    if (the.id !== 'reply-form') return
    the.dataset.key ??= crypto.randomUUID()
    the.dataset.sent = text(the)?.value ?? ''
    const parameters = event.detail.formData as FormData
    parameters.set('key', the.dataset.key)
    if (!parameters.get('later_at') || event.detail.triggeringEvent?.submitter?.matches('[data-send], [name="later"]')) parameters.delete('later_at')
    if (!find<HTMLInputElement>('#files', the)?.files?.length) parameters.delete('files')
    if (!parameters.get('later') && !parameters.get('later_at')) showAtOnce(the)
  })
  on<CustomEvent>('htmx:afterRequest', (event) => {
    const the = event.detail.elt as HTMLFormElement
    if (the.id !== 'reply-form') return
    if (event.detail.successful) {
      delete the.dataset.key
      empty(the)
    } else {
      find('#message-on-its-way')?.remove()
      // Refused: nothing was written. A fault or silence may hide a success, so that the same key must try again.
      const status: number = event.detail.xhr?.status ?? 0
      if (status >= 400 && status < 500) delete the.dataset.key
    }
  })
}
