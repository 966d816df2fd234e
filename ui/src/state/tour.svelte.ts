// Whether the first look round is under way. It comes once by itself, and again when it is asked for.
const key = 'portico-tour';

class TourState {
  running = $state(false);

  start(): void {
    if (localStorage.getItem(key) === null) this.running = true;
  }

  begin(): void {
    this.running = true;
  }

  end(): void {
    this.running = false;
    localStorage.setItem(key, 'seen');
  }
}

export const tour = new TourState();
