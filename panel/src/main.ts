// The panel's script: htmx with morphing, and a module for each thing that a page does by itself.
import 'vite/modulepreload-polyfill'
import './app.css'
import './generated/icons.svg?url'
import { startClocks } from './clocks'
import { startCommands } from './commands'
import { startComposer } from './composer'
import { startDialogs } from './dialogs'
import { startDrawers } from './drawers'
import { startKeys } from './keys'
import { startList } from './list'
import { startLive } from './live'
import { startMedia } from './media'
import { startMenus } from './menus'
import { startPicking } from './picking'
import { startPresence } from './presence'
import { startSwaps } from './swaps'
import { startThread } from './thread'
import { startToasts } from './toasts'

startSwaps()
startMenus()
startDrawers()
startToasts()
startClocks()
startComposer()
startList()
startPicking()
startThread()
startMedia()
startDialogs()
startCommands()
startKeys()
startLive()
startPresence()
