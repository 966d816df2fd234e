// The support bundle: read before it is saved, and saved by the person alone.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import { openDoor } from '../src/api/door';
import App from '../src/App.svelte';
import * as saving from '../src/components/save';
import { accessible } from './accessible';
import { Homelab } from './fixture/homelab';

it('shows the whole text and what has stand-ins, and saves just that', async () => {
  const saved = vi.spyOn(saving, 'save').mockImplementation(() => undefined);
  location.hash = '#/settings/support';
  openDoor(new Homelab());
  render(App);
  const user = userEvent.setup();
  await user.click(await screen.findByRole('button', { name: 'Make a support bundle' }));
  const sheet = within(await screen.findByRole('dialog', { name: 'Support bundle' }));
  expect(sheet.getByText('Stand-ins: domains 1, mail addresses 2.')).toBeVisible();
  const text = sheet.getByRole<HTMLTextAreaElement>('textbox', { name: 'Its whole text' }).value;
  expect(JSON.parse(text)).toMatchObject({ wanted: { hostname: 'echo.domain-1.example' } });
  await accessible();
  await user.click(sheet.getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(saved).toHaveBeenCalledOnce());
  const [name, file] = saved.mock.calls[0] ?? [];
  expect(name).toBe('portico-support.json');
  expect(await file?.text()).toBe(text);
});
