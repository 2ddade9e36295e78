// "/" in the composer offers canned responses, filled for this contact: arrows walk, Enter or a click takes one.
import { listenForKeys } from './offers'
import { find, findAll, from, on } from './page'

let asked = 0

const box = () => find('#canned')
const area = () => find<HTMLTextAreaElement>('#reply-form #text')
const offered = () => findAll('#canned [data-canned]')
const chosen = () => offered().find((one) => one.classList.contains('on'))

function hide(): void {
  box()?.setAttribute('hidden', '')
}

function choose(step: number): void {
  const all = offered()
  const at = all.findIndex((one) => one.classList.contains('on'))
  for (const one of all) one.classList.remove('on')
  const next = all[(at + step + all.length) % all.length]
  next?.classList.add('on')
  next?.scrollIntoView({ block: 'nearest' })
}

function take(one: HTMLElement | undefined): void {
  const text = area()
  const field = find<HTMLInputElement>('#reply-form [name="canned_response_id"]')
  if (!one || !text || !field) return
  field.value = one.dataset.canned ?? ''
  field.disabled = false
  text.value = one.dataset.text ?? ''
  hide()
  text.focus()
  text.dispatchEvent(new Event('input', { bubbles: true }))
}

async function offer(words: string): Promise<void> {
  const form = find('#reply-form')
  const place = box()
  if (!form?.dataset.cannedAt || !place) return
  const turn = ++asked
  const answer = await fetch(`${form.dataset.cannedAt}?q=${encodeURIComponent(words)}`, { headers: { 'HX-Request': 'true' } }).catch(() => null)
  if (!answer?.ok || turn !== asked || !area()?.value.startsWith('/')) return
  place.innerHTML = await answer.text()
  place.removeAttribute('hidden')
  offered()[0]?.classList.add('on')
}

export function startCanned(): void {
  on('input', (event) => {
    const text = from<HTMLTextAreaElement>(event, '#reply-form #text')
    if (!text) return
    if (text.value.startsWith('/') && !text.value.includes('\n') && text.value.length < 60) void offer(text.value.slice(1))
    else hide()
  })
  on('click', (event) => {
    const one = from(event, '[data-canned]')
    if (one) take(one)
    else if (!from(event, '#reply-form')) hide()
  })
  listenForKeys({ box, chosen, walk: choose, take, hide, withControl: true })
}
