// "@" in a note offers colleagues who see the conversation: arrows walk, Enter, Tab or a touch takes one.
import { listenForKeys } from './offers'
import { find, findAll, from, on } from './page'

// After an @ at the beginning of a word: at most two words, as a name begins.
const CALL = /(?:^|[^\p{L}\p{N}_@])@([^\s@]*(?: [^\s@]+)?)$/u

let turn = 0
/** What stood before the caret when one was taken: the same is not asked about again. */
let taken = ''

const box = () => find('#mentions')
const area = () => find<HTMLTextAreaElement>('#reply-form[data-mode="note"] #text')
const offered = () => findAll('#mentions [data-mention]:not([hidden])')
const chosen = () => offered().find((one) => one.classList.contains('on'))
const before = (text: HTMLTextAreaElement) => text.value.slice(0, text.selectionStart)

function hide(): void {
  turn++
  box()?.setAttribute('hidden', '')
}

function choose(next: HTMLElement | undefined): void {
  for (const one of findAll('#mentions [data-mention]')) {
    one.classList.toggle('on', one === next)
    one.setAttribute('aria-selected', String(one === next))
  }
  next?.scrollIntoView({ block: 'nearest' })
}

function walk(step: number): void {
  const all = offered()
  const at = all.findIndex((one) => one.classList.contains('on'))
  choose(all[(at + step + all.length) % all.length])
}

function take(one: HTMLElement | undefined): void {
  const text = area()
  const call = text && CALL.exec(before(text))
  if (!one || !text || !call) return hide()
  const end = text.selectionStart
  text.setRangeText(`@${one.dataset.mention} `, end - (call[1]?.length ?? 0) - 1, end, 'end')
  taken = before(text)
  hide()
  text.focus()
  text.dispatchEvent(new Event('input', { bubbles: true }))
}

/** Whom the typed letters may mean: a name, or a word of it, begins so. */
function narrow(typed: string): void {
  const wanted = typed.toLocaleLowerCase()
  for (const one of findAll('#mentions [data-mention]')) {
    const name = (one.dataset.mention ?? '').toLocaleLowerCase()
    one.hidden = ![name, ...name.split(/\s+/)].some((part) => part.startsWith(wanted))
  }
  const all = offered()
  box()?.toggleAttribute('hidden', !all.length)
  choose(all[0])
}

async function offer(typed: string): Promise<void> {
  const place = box()
  const address = place?.closest<HTMLElement>('#reply-form')?.dataset.mentionsAt
  if (!place || !address) return
  if (!place.hidden) return narrow(typed)
  const mine = ++turn
  const answer = await fetch(address, { headers: { 'HX-Request': 'true' } }).catch(() => null)
  if (!answer?.ok) return
  const found = await answer.text()
  const text = area()
  const call = text && CALL.exec(before(text))
  if (mine !== turn || !call) return
  place.innerHTML = found
  narrow(call[1] ?? '')
}

export function startMentions(): void {
  on('input', (event) => {
    const text = from<HTMLTextAreaElement>(event, '#reply-form #text')
    if (!text) return
    const call = text === area() && before(text) !== taken ? CALL.exec(before(text)) : null
    if (call) void offer(call[1] ?? '')
    else hide()
  })
  // The field keeps the focus, and a phone its keyboard.
  on('mousedown', (event) => from(event, '[data-mention]') && event.preventDefault())
  on('click', (event) => {
    const one = from(event, '[data-mention]')
    if (one) take(one)
    else hide()
  })
  listenForKeys({ box, chosen, walk, take, hide, withControl: false })
}
