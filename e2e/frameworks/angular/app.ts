import { Component, effect, inject, signal } from "@angular/core";
import { SessionService } from "./session";

@Component({
  selector: "app-root",
  template: `
    @if (session().status === "signed-in") {
      <main>
        <h1>{{ name() }}</h1>
        <button (click)="vestibule.logout()">Sign out</button>
      </main>
    } @else {
      <main>
        <h1>Nobody</h1>
        <a [href]="vestibule.loginUrl()">Sign in</a>
      </main>
    }
  `,
})
export class App {
  readonly vestibule = inject(SessionService).vestibule;
  readonly session = inject(SessionService).session;
  readonly name = signal("");

  constructor() {
    effect(async () => {
      if (this.session().status !== "signed-in") return;
      const { data, errors } = await this.vestibule.fetchGraphQL<{ me: { name: string } }>({ query: "{ me { name } }" });
      this.name.set(data?.me.name ?? errors[0]?.code ?? "");
    });
  }
}
