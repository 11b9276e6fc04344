import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import documentIds from "./gql/ids.json";
import { Boundary, Failure } from "./parts/boundary";
import { SessionProvider } from "./session";
import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/controls.css";
import "./style/shop.css";
import "./style/account.css";
import { Vestibule } from "./vestibule";

// While it is worked on, operations change faster than any manifest: they are sent as they are.
const vestibule = new Vestibule(import.meta.env.PROD ? { documentIds } : {});
vestibule.start();

const root = document.getElementById("app");
if (!root) throw new Error("index.html has no #app");
// What a boundary says to the person is no news to the console; a fault of ours is.
const onCaughtError = (error: unknown) => {
  if (!(error instanceof Failure)) console.error(error);
};
createRoot(root, { onCaughtError }).render(
  <StrictMode>
    <Boundary>
      <SessionProvider vestibule={vestibule}>
        <App />
      </SessionProvider>
    </Boundary>
  </StrictMode>,
);
