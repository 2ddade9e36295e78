// News: browser notifications while nobody looks, for who switched them on in this browser, and a colleague's call.
import { openRow } from './list'
import { find, findAll, from, on, openId } from './page'

const agent = document.body.dataset.agent
const SWITCH = `otklik-news-${agent}`
const TOLD = `otklik-told-${agent}`
const LOOKING = 'otklik-looking'
const KEPT = 50
// A crowd that writes at once does not fill the screen: the title counts it.
const MOST = 3
const WITHIN = 10_000

type State = 'on' | 'off' | 'refused' | 'insecure' | 'unable'

const shown = new Set<Notification>()
let shownAt: number[] = []
let isUnable = false

function stateNow(): State {
  if (!isSecureContext) return 'insecure'
  if (isUnable || typeof Notification === 'undefined' || !navigator.locks) return 'unable'
  if (Notification.permission === 'denied') return 'refused'
  return Notification.permission === 'granted' && localStorage.getItem(SWITCH) === 'on' ? 'on' : 'off'
}

function showState(): void {
  const state = stateNow()
  for (const one of findAll('[data-news-state]')) one.hidden = one.dataset.newsState !== state
  const box = find<HTMLInputElement>('[data-news-switch]')
  if (!box) return
  box.checked = state === 'on'
  box.disabled = state !== 'on' && state !== 'off'
}

async function turn(box: HTMLInputElement): Promise<void> {
  if (!box.checked) localStorage.removeItem(SWITCH)
  else if ((await Notification.requestPermission()) === 'granted') {
    localStorage.setItem(SWITCH, 'on')
    notify(find('[data-news-state="on"]')?.dataset.title ?? '', {})
  }
  showState()
}

/** Where only a service worker may show notifications (phones), the constructor throws. */
function notify(title: string, options: NotificationOptions): Notification | null {
  try {
    return new Notification(title, { icon: find<HTMLLinkElement & HTMLElement>('link[rel="icon"]')?.getAttribute('href') ?? '', ...options })
  } catch {
    isUnable = true
    localStorage.removeItem(SWITCH)
    return null
  }
}

/** Of all tabs, and of what is heard twice, the first tells. */
const isFirst = (id: string): Promise<boolean> =>
  navigator.locks.request(TOLD, () => {
    const told: string[] = JSON.parse(localStorage.getItem(TOLD) ?? '[]')
    if (told.includes(id)) return false
    localStorage.setItem(TOLD, JSON.stringify([id, ...told].slice(0, KEPT)))
    return true
  })

/** While a tab of ours is looked at, it holds a lock that the others see. */
let letGo: (() => void) | null = null
function follow(): void {
  if (document.hidden) {
    letGo?.()
    letGo = null
    return
  }
  for (const one of shown) one.close()
  shown.clear()
  if (letGo || !navigator.locks) return
  void navigator.locks.request(LOOKING, { mode: 'shared' }, () => (document.hidden ? null : new Promise<void>((resolve) => (letGo = resolve))))
}

async function isLookedAt(): Promise<boolean> {
  if (!document.hidden) return true
  const { held } = (await navigator.locks?.query()) ?? {}
  return Boolean(held?.some((one) => one.name === LOOKING))
}

/** The message in a few words, as far as the reader may see it; null: no news to them. */
async function load(id: string): Promise<HTMLElement | null> {
  const answer = await fetch(`/messages/${id}/notice`, { headers: { 'HX-Request': 'true' } }).catch(() => null)
  if (answer?.status !== 200) return null
  const parts = document.createElement('template')
  parts.innerHTML = await answer.text()
  return parts.content.firstElementChild as HTMLElement | null
}

function openTalk(news: HTMLElement): void {
  const { talk = '', ws = '' } = news.dataset
  const row = find(`#row-${CSS.escape(talk)}`)
  if (row) return openRow(row)
  location.assign(`/w/${location.pathname.startsWith('/w/all/') ? 'all' : ws}/inbox/${talk}`)
}

async function tell(id: string): Promise<void> {
  if (stateNow() !== 'on' || (await isLookedAt()) || !(await isFirst(id))) return
  const news = await load(id)
  shownAt = shownAt.filter((at) => at > Date.now() - WITHIN)
  if (!news || !document.hidden || shownAt.length >= MOST) return
  const one = notify(news.dataset.title ?? '', { body: news.dataset.said, tag: `otklik-${news.dataset.talk}` })
  if (!one) return
  shownAt.push(Date.now())
  shown.add(one)
  one.onclick = () => {
    window.focus()
    one.close()
    openTalk(news)
  }
}

/** A colleague's call stands on the page, too, unless its conversation is open before the reader's eyes. */
async function showCall(id: string, talk: string): Promise<void> {
  const told: string[] = JSON.parse(sessionStorage.getItem(TOLD) ?? '[]')
  if (told.includes(id) || (document.hidden ? await isLookedAt() : talk === openId())) return
  sessionStorage.setItem(TOLD, JSON.stringify([id, ...told].slice(0, KEPT)))
  const news = await load(id)
  if (news) find('#toasts')?.append(news)
}

export function startNews(): void {
  if (!agent) return
  showState()
  follow()
  document.addEventListener('visibilitychange', follow)
  if (find('[data-news]')) {
    void navigator.permissions?.query({ name: 'notifications' }).then((one) => (one.onchange = showState), () => null)
  }
  on('change', (event) => {
    const box = from<HTMLInputElement>(event, '[data-news-switch]')
    if (box) void turn(box)
  })
  on('click', (event) => {
    const news = from(event, '[data-open-talk]')?.closest<HTMLElement>('[data-talk]')
    if (!news) return
    openTalk(news)
    news.remove()
  })
  on<CustomEvent>('live:message', (event) => {
    const { message_id: id, assignee_id: assignee } = event.detail
    if (document.hidden && id && (!assignee || String(assignee) === agent)) void tell(String(id))
  })
  on<CustomEvent>('live:mention', (event) => {
    const { message_id: id, conversation_id: talk, agent_id: called } = event.detail
    if (String(called) !== agent) return
    void showCall(String(id), String(talk))
    if (document.hidden) void tell(String(id))
  })
}
