import { Vestibule, type Session } from "./vestibule";

const vestibule = new Vestibule();

async function show(session: Session) {
  const main = document.createElement("main");
  const heading = main.appendChild(document.createElement("h1"));
  if (session.status === "signed-in") {
    const { data, errors } = await vestibule.fetchGraphQL<{ me: { name: string } }>({ query: "{ me { name } }" });
    heading.textContent = data?.me.name ?? errors[0]?.code ?? "";
    const button = main.appendChild(document.createElement("button"));
    button.textContent = "Sign out";
    button.onclick = () => vestibule.logout();
  } else {
    heading.textContent = "Nobody";
    const link = main.appendChild(document.createElement("a"));
    link.textContent = "Sign in";
    link.href = vestibule.loginUrl();
  }
  document.querySelector("#app")?.replaceChildren(main);
}

vestibule.onSession((session) => void show(session));
vestibule.start();
