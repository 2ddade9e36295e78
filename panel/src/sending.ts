// An answer on its way: a lost connection keeps it and sends it once more, a colleague's answer is asked about first.
import { find, from, naming, on, onLost, words } from './page'
import { refreshThread } from './thread'
import { showToast } from './toasts'

interface Kept {
  form: HTMLFormElement
  text: string
  mode: string | undefined
  /** Whether it may still go by itself. */
  waits: boolean
}

let submitter: HTMLElement | null = null
let kept: Kept | null = null
let isAgain = false

const isReply = (event: CustomEvent) => (event.detail.elt as HTMLElement | undefined)?.id === 'reply-form'
const area = (of: HTMLFormElement) => find<HTMLTextAreaElement>('#text', of)
const hide = (...selectors: string[]) => selectors.forEach((one) => find(one)?.setAttribute('hidden', ''))

/** Nothing is written yet: what stands in the thread now has been seen before the writing begins. */
export function look(the: HTMLFormElement): void {
  const seen = find<HTMLInputElement>('[name="seen"]', the)
  const newest = find('#stream')?.dataset.newest
  if (seen && newest && !area(the)?.value && !find<HTMLInputElement>('#files', the)?.files?.length) seen.value = newest
}

function send(the: HTMLFormElement): void {
  const as = submitter?.isConnected && the.contains(submitter) ? submitter : find('[data-send]', the)
  the.requestSubmit(as)
}

function ask(the: HTMLFormElement, about: { message_id: number; author: string | null; answer: string }): void {
  const box = find('#answered')
  const question = box && find('[data-question]', box)
  const said = box && find('[data-said]', box)
  const seen = find<HTMLInputElement>('[name="seen"]', the)
  if (!box || !question || !said || !seen) return
  seen.value = String(about.message_id) // sent again, it goes
  box.hidden = false
  question.textContent = about.author ? naming(box.dataset.words, about.author) : (box.dataset.nobody ?? '')
  said.textContent = about.answer
  said.hidden = !about.answer
  area(the)?.focus()
  refreshThread()
}

/** What was kept goes once by itself, where the person is still there and has changed nothing. */
function sendAgain(): void {
  if (!kept?.waits) return
  const { form, text, mode } = kept
  kept.waits = false
  if (!form.isConnected || area(form)?.value !== text || form.dataset.mode !== mode) return
  isAgain = true
  send(form)
}

export function startSending(): void {
  on<SubmitEvent>('submit', (event) => {
    if (from(event, '#reply-form')) submitter = event.submitter
  })
  on<CustomEvent>('htmx:configRequest', (event) => isReply(event) && hide('#unsent', '#answered'))
  on<CustomEvent>('toast', (event) => {
    const the = find<HTMLFormElement>('#reply-form')
    if (the && event.detail.code === 'answered_since') ask(the, event.detail)
  })
  onLost((event) => {
    if (!isReply(event)) return
    const form = event.detail.elt as HTMLFormElement
    kept = { form, text: form.dataset.sent ?? '', mode: form.dataset.mode, waits: !isAgain }
    find('#unsent')?.removeAttribute('hidden')
  })
  on<CustomEvent>('htmx:afterRequest', (event) => {
    if (!isReply(event)) return
    if (event.detail.successful) {
      if (isAgain) showToast(words.sent ?? '')
      kept = null
    }
    // After `onLost`, which comes later in the same turn.
    setTimeout(() => (isAgain = false))
  })
  // Any answer of the server's tells that it is there again.
  on<CustomEvent>('htmx:afterOnLoad', (event) => {
    if (!isReply(event) && event.detail.xhr.status < 500) sendAgain()
  })
  on('change', (event) => {
    if (kept && from(event, '#files')) kept.waits = false
  })
  on('input', (event) => {
    const the = from<HTMLFormElement>(event, '#reply-form')
    if (the) look(the)
  })
  on<CustomEvent>('htmx:oobAfterSwap', (event) => {
    const the = event.detail.target?.id === 'stream' && find<HTMLFormElement>('#reply-form')
    if (the) look(the)
  })
  on('click', (event) => {
    const the = find<HTMLFormElement>('#reply-form')
    if (!the) return
    if (from(event, '[data-retry], [data-send-anyway]')) send(the)
    if (from(event, '[data-leave]')) {
      hide('#answered')
      area(the)?.focus()
    }
  })
}
