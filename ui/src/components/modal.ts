/** Opens a dialog as a modal one, and tells when it has closed. The browser says so a moment later; what has left the
 * page by then is not heard any more, so that its word never closes what was opened after it. */
export const modal = (closed: () => void) => (sheet: HTMLDialogElement) => {
  sheet.addEventListener('close', closed);
  sheet.showModal();
  return () => sheet.removeEventListener('close', closed);
};
