import { Injectable, signal } from "@angular/core";
import { Vestibule } from "./vestibule";

/** Who is signed in, as a signal that follows it. */
@Injectable({ providedIn: "root" })
export class SessionService {
  readonly vestibule = new Vestibule();
  readonly session = signal(this.vestibule.current);

  constructor() {
    this.vestibule.onSession((now) => this.session.set(now));
    this.vestibule.start();
  }
}
