import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { icons } from './icons.js'

// One sprite of <symbol>s, so that a page names an icon by <use> and needs no inline drawing.
function sprite() {
  const symbol = (name) => {
    const svg = readFileSync(new URL(`./node_modules/lucide-static/icons/${name}.svg`, import.meta.url), 'utf8')
    const drawing = svg.replace(/<!--.*?-->/gs, '').replace(/<\/?svg[^>]*>/gs, '').replace(/\s*\n\s*/g, '')
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${drawing}</symbol>`
  }
  return {
    name: 'otklik-sprite',
    buildStart() {
      const folder = new URL('./src/generated/', import.meta.url)
      mkdirSync(folder, { recursive: true })
      writeFileSync(new URL('icons.svg', folder), `<svg xmlns="http://www.w3.org/2000/svg">${icons.map(symbol).join('')}</svg>\n`)
    },
  }
}

export default defineConfig({
  base: '/static/',
  plugins: [sprite(), tailwindcss()],
  worker: { format: 'es' },
  build: {
    outDir: '../inbox/static',
    emptyOutDir: true,
    manifest: true,
    assetsInlineLimit: 0,
    rollupOptions: { input: { main: 'src/main.ts' } },
  },
})
