// Photos enlarged in a dialog, voice messages with one button.
import { find, findAll, from, on } from './page'

function enlarge(address: string): void {
  const dialog = document.createElement('dialog')
  dialog.className = 'modal'
  const image = document.createElement('img')
  image.src = address
  image.alt = ''
  image.className = 'max-h-[92dvh] max-w-[94vw] cursor-zoom-out rounded-lg object-contain'
  dialog.append(image)
  dialog.addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}

function toggle(voice: HTMLElement): void {
  const audio = find<HTMLAudioElement>('audio', voice)
  const bar = find<HTMLProgressElement>('progress', voice)
  if (!audio) return
  for (const other of findAll<HTMLAudioElement>('[data-voice] audio')) if (other !== audio) other.pause()
  const use = voice.querySelector('[data-play] use')
  const draw = (name: string) => use?.setAttribute('href', (use.getAttribute('href') ?? '').replace(/#.*/, `#${name}`))
  audio.onplay = () => draw('pause')
  audio.onpause = () => draw('play')
  audio.ontimeupdate = () => bar && Number.isFinite(audio.duration) && (bar.value = (100 * audio.currentTime) / audio.duration)
  if (audio.paused) void audio.play().catch(() => draw('play'))
  else audio.pause()
}

export function startMedia(): void {
  on('click', (event) => {
    const photo = from(event, '[data-photo]')
    if (photo?.dataset.photo) enlarge(photo.dataset.photo)
    const voice = from(event, '[data-play]') && from(event, '[data-voice]')
    if (voice) toggle(voice)
  })
}
