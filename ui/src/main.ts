import './style/base.css';
import { mount } from 'svelte';
import { openDoor } from './api/door';
import App from './App.svelte';
import { textSize } from './state/size.svelte';

openDoor();
textSize.start();
const target = document.getElementById('app');
if (!target) throw new Error('the page has no #app');
mount(App, { target });
