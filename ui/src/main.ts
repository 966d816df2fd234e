import './style/base.css';
import { mount } from 'svelte';
import { openDoor, speak } from './api/door';
import App from './App.svelte';
import { textSize } from './state/size.svelte';
import { problems, t } from './text/catalogue';

openDoor();
void speak({ ...t.beside, problems });
textSize.start();
const target = document.getElementById('app');
if (!target) throw new Error('the page has no #app');
mount(App, { target });
